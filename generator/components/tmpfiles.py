"""The kind `tmpfiles`: directories that systemd-tmpfiles makes, so that they need not be in the package.

A directory below /var that an update of a read-only system could not bring along is described in tmpfiles.d, made by
`%tmpfiles_create` when the package is installed and at every boot, and owned by the package as a `%ghost`.
Sources: tmpfiles.d(5), openSUSE wiki, Systemd packaging guidelines.
"""

from collections.abc import Iterable
from typing import ClassVar

from generator.components.contribution import Contribution, File, Source, guard
from generator.components.entry import (
    AccountName,
    ConditionalEntry,
    Entry,
    FileKey,
    Mode,
    Name,
    PlainPath,
    SourceNumber,
)
from generator.components.facts import Facts
from generator.components.kind import Kind


class TmpfilesDirectory(Entry, frozen=True, kw_only=True):
    """A directory at `path`, an absolute path without macros: systemd reads it, and not rpm."""

    identity: ClassVar[str] = "path"

    path: PlainPath
    mode: Mode = "0755"
    user: AccountName = "root"
    group: AccountName = "root"


class Tmpfiles(ConditionalEntry, frozen=True, kw_only=True):
    """One file in tmpfiles.d, KEY.conf, from the source KEY.tmpfiles."""

    directories: list[TmpfilesDirectory]
    source: SourceNumber | None = None
    package: Name = ""


def expand(entries: dict[FileKey, Tmpfiles], facts: Facts) -> Iterable[Contribution]:
    """One contribution per file: the file, the directories as ghosts, and their making in %post."""
    for name, entry in entries.items():
        under, origin, package = guard(entry.when), entry.origin, entry.package
        source, path = f"{name}.tmpfiles", f"%{{_tmpfilesdir}}/{name}.conf"
        install = f"install -D -m0644 %{{SOURCE:{source}}} %{{buildroot}}{path}"
        ghosts = (
            File(one.path, package, f"%ghost %attr({one.mode},{one.user},{one.group})", guard=under, origin=one.origin)
            for one in entry.directories
        )
        makes = (
            File("", package, install=f"install -d %{{buildroot}}{one.path}", guard=under, origin=one.origin)
            for one in entry.directories
        )
        yield Contribution(
            KIND.key,
            scope={"name": name, "entry": entry},
            package=package,
            guard=under,
            sources=(Source(source, entry.source, template="file", because=entry.because, origin=origin),),
            files=(File(path, package, install=install, guard=under, origin=origin), *makes, *ghosts),
            origin=origin,
        )


KIND = Kind("tmpfiles", dict[FileKey, Tmpfiles], expand, order=25)
