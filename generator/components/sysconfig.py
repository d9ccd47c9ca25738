"""The kind `sysconfig`: variables in /etc/sysconfig, filled up by `%fillup_only`.

Source of the form: rpm-config-SUSE `suse/macros` (fillup macros), yast-sysconfig `doc/metadata.txt` (metadata).
"""

from collections.abc import Iterable
from typing import ClassVar

from generator.components.contribution import Contribution, Define, File, Source, Tag, guard
from generator.components.entry import ConditionalEntry, Entry
from generator.components.facts import Facts
from generator.components.kind import Kind

FALLBACK = "/var/adm/fillup-templates"
"""Where templates lie on distributions without `%_fillupdir` (SLE 12)."""


class Variable(Entry, frozen=True, kw_only=True):
    """One variable with its metadata."""

    identity: ClassVar[str] = "name"

    name: str
    description: str
    type: str = "string"
    default: str = ""
    path: str = ""
    restart: str = ""
    reload: str = ""
    command: str = ""


class Sysconfig(ConditionalEntry, frozen=True, kw_only=True):
    """The template of one file in /etc/sysconfig, named by its key."""

    variables: list[Variable]
    path: str = "System/Management"
    source: int | None = None
    package: str = ""


def expand(files: dict[str, Sysconfig], facts: Facts) -> Iterable[Contribution]:
    """One contribution per template: source, fallback directory, prerequisites, installation, %post and %files."""
    for name, entry in files.items():
        under = guard(entry.when)
        origin, package = entry.origin, entry.package
        template = f"sysconfig.{name}"
        yield Contribution(
            kind=KIND.key,
            scope={"name": name, "entry": entry},
            package=package,
            guard=under,
            origin=origin,
            sources=(
                Source(
                    template,
                    number=entry.source,
                    guard=under,
                    template="file",
                    because=entry.because,
                    origin=origin,
                ),
            ),
            defines=(Define("_fillupdir", FALLBACK, fallback=True, origin=origin),),
            tags=(Tag("Requires", "%fillup_prereq", "post", package=package, guard=under, origin=origin),),
            files=(
                File(
                    f"%{{_fillupdir}}/{template}",
                    package=package,
                    install=f"install -D -m0644 %{{SOURCE:{template}}} %{{buildroot}}%{{_fillupdir}}/{template}",
                    guard=under,
                    origin=origin,
                ),
            ),
        )


KIND = Kind("sysconfig", dict[str, Sysconfig], expand, order=50)
