"""How our .changes meets the server's: what the server has stays exactly as it is, as the end of the merged file."""

from __future__ import annotations

from dataclasses import dataclass

from generator.sources.changes import Changes, Entry


@dataclass(frozen=True)
class MergedChanges:
    """What came of merging one .changes file.

    `new` are our entries that the server gets; `kept` those that only the server has; `rewritten` pairs of ours and
    the server's with one header and different text (the server's stays unless a rewrite is asked for); `older` are
    entries of ours below what both have, which the server lacks and does not get.
    """

    content: bytes
    new: tuple[Entry, ...] = ()
    kept: tuple[Entry, ...] = ()
    rewritten: tuple[tuple[Entry, Entry], ...] = ()
    older: tuple[Entry, ...] = ()


def merge_changes(name: str, ours: bytes, theirs: bytes, *, rewrite: bool = False) -> MergedChanges:
    """Merge our file with the server's; with `rewrite` our wording of older entries replaces the server's."""
    mine, held = Changes.parse(name, ours), Changes.parse(name, theirs)
    if not theirs.strip():
        return MergedChanges(ours, new=mine.entries)
    unknown = {id(entry) for entry in mine.new_since(held)}
    common = next((at for at, entry in enumerate(mine.entries) if id(entry) not in unknown), len(mine.entries))
    missing = {id(entry) for entry in mine.missing_since(held)}
    # what lies below the oldest entry that both have is history that we need not hold
    oldest = max((at for at, entry in enumerate(held.entries) if id(entry) not in missing), default=0)
    pairs = tuple((after, before) for before, after in mine.changed_since(held))
    rest = held
    if rewrite and pairs:
        worded = {id(before): _worded(after, before) for after, before in pairs}
        raw = b"".join(worded.get(id(entry), entry.raw) for entry in held.entries)
        rest = Changes.parse(name, held.preface + raw)
    merged = rest
    for entry in reversed(mine.entries[:common]):
        merged = merged.prepend(_ended(entry))
    return MergedChanges(
        content=merged.to_bytes(),
        new=mine.entries[:common],
        kept=tuple(entry for entry in held.entries[:oldest] if id(entry) in missing),
        rewritten=pairs,
        older=tuple(entry for entry in mine.entries[common:] if id(entry) in unknown),
    )


def _ended(entry: Entry) -> Entry:
    """The entry with the blank line at its end that something below it needs."""
    if entry.raw.endswith((b"\n\n", b"\n\r\n")):
        return entry
    return Changes.parse("", entry.raw.rstrip(b"\r\n") + b"\n\n").entries[0]


def _worded(entry: Entry, place: Entry) -> bytes:
    """The bytes of an entry of the server's with our text in it, and its own blank space around that."""
    old = place.body.encode("utf-8", "surrogateescape")
    head, _, tail = place.raw.rpartition(old) if old else (place.raw, b"", b"")
    return head + entry.body.encode("utf-8", "surrogateescape") + tail
