"""What the server is to hold: ours, and of the server's all that is not ours to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from generator.errors import RefusalError
from generator.sources import External, SourceFile, Sources
from generator.sources.changes import Entry
from generator.submit.declared import declared
from generator.submit.history import MergedChanges, merge_changes
from generator.submit.names import check_names


@dataclass(frozen=True)
class Merged:
    """The merged package.

    `sources.externals` are the files that stay as the server has them, byte for byte. `supplied` are external files
    that the server lacks and we have. `missing` are declared and nowhere. `removed` says of each file why it goes;
    `strangers` are the server's files that nothing declares and that stay.
    """

    sources: Sources
    changes: Mapping[str, MergedChanges] = field(default_factory=dict)
    removed: Mapping[str, str] = field(default_factory=dict)
    supplied: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()

    @property
    def new_entries(self) -> tuple[Entry, ...]:
        """Our entries that the server gets."""
        return tuple(entry for one in self.changes.values() for entry in one.new)

    @property
    def kept_entries(self) -> tuple[Entry, ...]:
        """The entries that only the server has."""
        return tuple(entry for one in self.changes.values() for entry in one.kept)


def merge(
    local: Sources,
    server: Sources | None,
    *,
    sent: frozenset[str] = frozenset(),
    supply: frozenset[str] = frozenset(),
    rewrite: bool = False,
) -> Merged:
    """Merge our files with the server's (None: there is no such package yet).

    `sent` names files that specgen once sent; `supply` those external files that could be sent with our bytes. The
    server's bytes of an external file win; only a file that was sent, or that the server's spec declares and ours no
    longer does, is removed. In `.changes` the server's bytes stay an exact suffix, unless `rewrite` is asked for.

    Raises:
        InputError: a name is one that OBS refuses.
        RefusalError: a .changes file here is empty that is not empty on the server.
    """
    check_names(local.files, local.name)
    if server is None:
        lacking = tuple(sorted({one.name for one in local.externals} - supply))
        return Merged(
            replace(local, externals=()),
            changes={name: merge_changes(name, file.content, b"") for name, file in _changes(local).items()},
            supplied=supply,
            missing=lacking,
        )
    held = {*server.files, *(one.name for one in server.externals)}
    outside = {one.name: one for one in local.externals}
    files: dict[str, SourceFile] = dict(local.files)
    merged_changes: dict[str, MergedChanges] = {}
    for name, file in _changes(local).items():
        theirs = server.files.get(name)
        if theirs is not None and theirs.content.strip() and not file.content.strip():
            raise RefusalError(f"{name} is empty here, and not on the server", hint="a history is not thrown away")
        merged_changes[name] = merge_changes(name, file.content, theirs.content if theirs else b"", rewrite=rewrite)
        files[name] = _with_content(file, merged_changes[name].content)
    before, now = declared(server), declared(local)
    removed, strangers, stays = {}, [], []
    for name in sorted(held - set(files)):
        if name in outside or name in now:
            stays.append(name)
        elif name in sent:
            removed[name] = "specgen sent it before"
        elif name in before:
            removed[name] = "declared no more"
        else:
            stays.append(name)
            strangers.append(name)
    for name in stays:
        if name in server.files:
            files[name] = server.files[name]
    unread = tuple(outside.get(name, External(name)) for name in stays if name not in server.files)
    return Merged(
        replace(local, files=dict(sorted(files.items())), externals=unread),
        changes=merged_changes,
        removed=removed,
        supplied=frozenset(supply - held),
        missing=tuple(sorted(set(outside) - held - supply)),
        strangers=tuple(strangers),
    )


def _changes(sources: Sources) -> Mapping[str, SourceFile]:
    return {name: file for name, file in sources.files.items() if name.endswith(".changes")}


def _with_content(file: SourceFile, content: bytes) -> SourceFile:
    """The file with other content; lines at its beginning that are the same keep their origins."""
    if content == file.content:
        return file
    old, new = file.content.splitlines(), content.splitlines()
    same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    return SourceFile(file.name, content, file.origins[:same])
