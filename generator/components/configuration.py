"""The kind `configuration`: files that an administrator edits, `%config` in %files."""

import shlex
from collections.abc import Iterable, Iterator

from generator.components.contribution import Contribution, File, Source, guard
from generator.components.entry import ConditionalEntry, FileName, Mode, Name, Path, SourceNumber
from generator.components.facts import Facts
from generator.components.kind import Kind
from generator.errors import Problem


class Configuration(ConditionalEntry, frozen=True, kw_only=True):
    """A configuration file, installed to its key (macro text).

    It holds the source `file`, or the one line `content`. `noreplace`: what the administrator changed stays, and the
    new file comes as .rpmnew.
    """

    file: FileName = ""
    content: str = ""
    source: SourceNumber | None = None
    mode: Mode = "0644"
    noreplace: bool = True
    package: Name = ""


def expand(entries: dict[Path, Configuration], facts: Facts) -> Iterable[Contribution]:
    """One contribution per file."""
    for path, entry in entries.items():
        under, origin = guard(entry.when), entry.origin
        sources: tuple[Source, ...] = ()
        echo, given = f"{_printing(entry.content)} | ", "/dev/stdin"
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


def _printing(content: str) -> str:
    """The command that prints one line of macro text; shells differ in what echo makes of some."""
    command = "printf '%%s\\n'" if content.startswith("-") or "\\" in content else "echo"
    return f"{command} {shlex.quote(content)}"


def check(entries: dict[Path, Configuration], facts: Facts) -> Iterator[Problem]:
    """Each file has one text."""
    for path, entry in entries.items():
        if bool(entry.file) == bool(entry.content):
            which = "both a file and a content" if entry.file else "neither a file nor a content"
            yield Problem(f"configuration.{path} has {which}", entry.origin, "give one of file and content")


KIND = Kind("configuration", dict[Path, Configuration], expand, order=45, check=check)
