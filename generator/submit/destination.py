"""Where a submission goes: `[ALIAS:]PROJECT`, or `[ALIAS:]PROJECT/PACKAGE[@REV]` for something to look at."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from generator.errors import InputError
from generator.obs.records import Place

PROJECT = re.compile(r"[^\s/\x00-\x1f:._@][^\s/\x00-\x1f:@]*(:[^\s/\x00-\x1f:._@][^\s/\x00-\x1f:@]*)*\Z")


@dataclass(frozen=True)
class Destination:
    """A project, on the server with this alias (empty: osc's default), and for looking a package and its revision."""

    alias: str
    project: str
    package: str = ""
    revision: str = ""

    def __str__(self) -> str:
        where = f"{self.alias}:{self.project}" if self.alias else self.project
        return where + (f"/{self.package}" if self.package else "") + (f"@{self.revision}" if self.revision else "")

    def place(self, package: str = "") -> Place:
        """The package there."""
        return Place(self.project, package or self.package)


def destination(text: str, aliases: Collection[str]) -> Destination:
    """Read what a person wrote. A first part that is an alias in osc's configuration is one.

    Raises:
        InputError: it is no project.
    """
    body, _, revision = text.partition("@")
    project, slash, package = body.partition("/")
    alias = ""
    for candidate in sorted(aliases, key=len, reverse=True):
        if project.startswith(f"{candidate}:"):
            alias, project = candidate, project.removeprefix(f"{candidate}:")
            break
    if not PROJECT.match(project) or len(project) > 200 or (slash and not package) or "/" in package:
        raise InputError(f"{text!r} is no project of an Open Build Service", hint="write [ALIAS:]PROJECT")
    return Destination(alias, project, package, revision)


def projects(texts: Sequence[str], servers: Mapping[str, str]) -> tuple[Destination, ...]:
    """Where a submission goes: projects alone, each once. `servers` are the addresses of the aliases; "" is osc's own.

    Raises:
        InputError: one names a package or a revision as well, or two are the same.
    """
    found: dict[tuple[str, str], Destination] = {}
    for text in texts:
        one = destination(text, [alias for alias in servers if alias])
        if one.package or one.revision:
            raise InputError(f"{text!r} names more than a project", hint="a package goes there by its own name")
        key = (servers.get(one.alias, one.alias), one.project)
        if key in found:
            raise InputError(f"{one.project} is named twice")
        found[key] = one
    return tuple(found.values())
