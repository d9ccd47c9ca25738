"""A side of a comparison: a package here, or one on an Open Build Service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli.application import Application
from generator.definition.load import FILE

if TYPE_CHECKING:
    from generator.sources import Sources


def side(app: Application, text: str, settings: Mapping[str, str] | None = None) -> Sources:
    """The Sources of a package that a person named: `PACKAGE`, or `[ALIAS:]PROJECT/PACKAGE[@REV]` on a server.

    What exists here wins.

    Raises:
        InputError: there is no such package.
        RefusalError: osc is not configured.
        ServerError: the server is away, or refuses.
    """
    here = Path(text).exists() or (app.definition_folder(text) / FILE).is_file()
    if here or "/" not in text or text.startswith(("/", "./", "../")):
        return app.package(text, settings).sources()
    return on_server(text)


def on_server(text: str) -> Sources:
    """The Sources of `[ALIAS:]PROJECT/PACKAGE[@REV]`, a link expanded; archives are externals.

    Raises:
        InputError: there is no such package.
        RefusalError: osc is not configured, or the package is a link that does not expand.
        ServerError: the server is away, or refuses.
    """
    from generator.errors import InputError, RefusalError
    from generator.obs.client import Configuration
    from generator.obs.server import Server
    from generator.submit.destination import destination
    from generator.submit.fetch import fetch

    configuration = Configuration()
    where = destination(text, configuration.aliases)
    server = Server(configuration.connect(where.alias))
    listing = server.listing(where.place(), where.revision)
    if listing is None:
        raise InputError(f"there is no package {text}, neither here nor on {server.connection.host}")
    if listing.broken:
        raise RefusalError(f"{text} is a link that does not expand: {listing.broken}")
    return fetch(server, listing)
