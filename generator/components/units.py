"""The kind `units`: systemd units, with the service macros once each for all units of a package.

Source: openSUSE wiki, Systemd packaging guidelines.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated

from generator.components.contribution import Contribution, File, Guard, Source, guard
from generator.components.entry import ConditionalEntry, Name, Shape, SourceNumber
from generator.components.facts import Facts
from generator.components.kind import Kind
from generator.errors import Problem

UnitName = Annotated[
    str,
    Shape(
        r"[\w@.:-]+\.(?:service|socket|timer|path|target|mount|automount|slice|swap)",
        "the name of a systemd unit, such as docker.service",
    ),
]


class Unit(ConditionalEntry, frozen=True, kw_only=True):
    """A unit, named by its key; its text is the file of that name beside the definition.

    `rc` adds the link rcNAME that administrators of older systems expect.
    """

    source: SourceNumber | None = None
    rc: bool = False
    package: Name = ""


def expand(units: dict[UnitName, Unit], facts: Facts) -> Iterable[Contribution]:
    """One contribution for all units that share a package and a condition."""
    together: dict[tuple[str, Guard], dict[UnitName, Unit]] = {}
    for name, unit in units.items():
        together.setdefault((unit.package, guard(unit.when)), {})[name] = unit
    for (package, under), members in together.items():
        files, sources = [], []
        for name, unit in members.items():
            sources.append(Source(name, unit.source, because=unit.because, origin=unit.origin))
            files.append(
                File(
                    f"%{{_unitdir}}/{name}",
                    package=package,
                    install=f"install -D -m0644 %{{SOURCE:{name}}} %{{buildroot}}%{{_unitdir}}/{name}",
                    guard=under,
                    origin=unit.origin,
                )
            )
            if unit.rc:
                link = f"%{{_sbindir}}/rc{name.removesuffix('.service')}"
                made = ("", "install -d %{buildroot}%{_sbindir}"), (link, f"ln -sf service %{{buildroot}}{link}")
                files += [File(path, package, "", command, under, origin=unit.origin) for path, command in made]
        first = next(iter(members.values()))
        yield Contribution(
            KIND.key,
            scope={"names": tuple(members)},
            package=package,
            guard=under,
            sources=tuple(sources),
            files=tuple(files),
            origin=first.origin,
        )


def check(units: dict[UnitName, Unit], facts: Facts) -> Iterator[Problem]:
    """Only a service has a link rcNAME."""
    for name, unit in units.items():
        if unit.rc and not name.endswith(".service"):
            yield Problem(f"units.{name}: rc is for services", unit.origin, "leave it out")


KIND = Kind("units", dict[UnitName, Unit], expand, order=40, check=check)
