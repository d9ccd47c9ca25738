"""The kind `configuration`: files that an administrator edits, `%config` in %files."""

import shlex
from collections.abc import Iterable

from generator.components.contribution import Contribution, File, Source, guard
from generator.components.entry import ConditionalEntry, Mode
from generator.components.facts import Facts
from generator.components.kind import Kind


class Configuration(ConditionalEntry, frozen=True, kw_only=True):
    """A configuration file, installed to its key (macro text).

    It holds the source `file`, or the one line `content`. `noreplace`: what the administrator changed stays, and the
    new file comes as .rpmnew.
    """

    file: str = ""
    content: str = ""
    source: int | None = None
    mode: Mode = "0644"
    noreplace: bool = True
    package: str = ""


def expand(entries: dict[str, Configuration], facts: Facts) -> Iterable[Contribution]:
    """One contribution per file."""
    for path, entry in entries.items():
        under, origin = guard(entry.when), entry.origin
        sources: tuple[Source, ...] = ()
        echo, given = f"echo {shlex.quote(entry.content)} | ", "/dev/stdin"
        if entry.file:
            echo, given = "", f"%{{SOURCE:{entry.file}}}"
            sources = (Source(entry.file, entry.source, because=entry.because, origin=origin),)
        yield Contribution(
            KIND.key,
            package=entry.package,
            guard=under,
            sources=sources,
            files=(
                File(
                    path,
                    entry.package,
                    "%config(noreplace)" if entry.noreplace else "%config",
                    install=f"{echo}install -D -m{entry.mode} {given} %{{buildroot}}{path}",
                    guard=under,
                    because="" if entry.file else entry.because,
                    origin=origin,
                ),
            ),
            origin=origin,
        )


KIND = Kind("configuration", dict[str, Configuration], expand, order=45)
