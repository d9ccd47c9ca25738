"""The words that go with a commit and a request: those of the entries that are new, with their references."""

from __future__ import annotations

from collections.abc import Sequence

from generator.sources.changes import Entry

LONGEST = 6000  # characters; a first submission may bring years of history


def message(entries: Sequence[Entry], package: str) -> str:
    """The message for these new entries; without any, a plain one."""
    bodies = [entry.body.strip() for entry in entries if entry.body.strip()]
    if not bodies:
        return f"Update {package}"
    text = "\n".join(bodies)
    if len(text) <= LONGEST:
        return text
    return text[:LONGEST].rpartition("\n")[0] + f"\n(and more: see {package}.changes)"
