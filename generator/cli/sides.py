"""A side of a comparison: a package here, or one on an Open Build Service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli.application import Application
from generator.definition.load import FILE

if TYPE_CHECKING:
    from generator.package.defined import Defined
    from generator.sources import Sources


def side(
    app: Application,
    text: str,
    settings: Mapping[str, str] | None = None,
    supplies: Path | None = None,
    upstream: Mapping[str, Path] | None = None,
) -> Sources:
    """The Sources of a package that a person named: `PACKAGE`, or `[ALIAS:]PROJECT/PACKAGE[@REV]` on a server.

    What exists here wins. A definition gets the external patches and the patches from templates that are at hand.

    Raises:
        InputError: there is no such package, or what is given for it is for a definition and it has none.
        RefusalError: osc is not configured.
        ServerError: the server is away, or refuses.
    """
    from generator.errors import InputError
    from generator.package.defined import Defined

    given = [name for name, value in (("--sources", supplies), ("--upstream", upstream)) if value]
    here = Path(text).exists() or (app.definition_folder(text) / FILE).is_file()
    if here or "/" not in text or text.startswith(("/", "./", "../")):
        package = app.package(text, settings)
        if not given:
            return package.sources()
        if isinstance(package, Defined):
            return _with_patches(package, supplies, upstream or {})
    elif not (given := [*(["--set"] if settings else []), *given]):
        return on_server(text)
    raise InputError(f"{given[0]} is for definitions, and {text} has none")


def _with_patches(package: Defined, supplies: Path | None, upstream: Mapping[str, Path]) -> Sources:
    """The package with all patches that are at hand. Archives stay external, as they are on a server."""
    from msgspec.structs import replace

    from generator.package.supply import PATCHES
    from generator.package.upstream import at_hand

    here = at_hand(package, upstream, supplies)
    patches = {name: here.completed.files[name] for name in here.paths if name.endswith(PATCHES)}
    return replace(
        here.own,
        files=dict(sorted({**here.own.files, **patches}.items())),
        externals=tuple(one for one in here.own.externals if one.name not in patches),
    )


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
