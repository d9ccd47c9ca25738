"""What others changed on the server since specgen last sent or saw it, and where each of it is written here."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.origin import Origin
from generator.sources import SourceFile

CONTEXT_LOOKED_AT = 50  # lines around the old place in which the same line is looked for


@dataclass(frozen=True)
class Hunk:
    """One place where the server's file differs from what was sent: the lines that went, those that came, and the
    place here that the lines before the change come from.
    """

    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    origin: Origin | None


@dataclass(frozen=True)
class Drift:
    """One file that others changed. `hunks` is empty for a file that is no text, or whose former bytes are lost."""

    name: str
    what: str
    hunks: tuple[Hunk, ...] = ()


def drifted(held: Mapping[str, str], known: Sequence[Mapping[str, str]], ours: frozenset[str]) -> dict[str, str]:
    """The files of ours that hold on the server what specgen neither sent nor saw there, with what happened to each.

    `held` is what the server has now, by name and digest; `known` what specgen sent and saw before. `.changes` is not
    looked at: it is merged.
    """
    found = {}
    for name in sorted(ours):
        states = {one.get(name) for one in known}
        now = held.get(name)
        if not known or name.endswith(".changes") or now in states:
            continue
        found[name] = "removed" if now is None else "added" if states == {None} else "changed"
    return found


def explain(name: str, what: str, before: bytes | None, now: bytes | None, local: SourceFile | None) -> Drift:
    """Put the origin of each change beside it."""
    if before is None or now is None or b"\0" in before or b"\0" in now:
        return Drift(name, what)
    old = before.decode("utf-8", "surrogateescape").splitlines()
    new = now.decode("utf-8", "surrogateescape").splitlines()
    hunks = []
    for tag, start, end, from_, to in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            anchor = old[start] if start < end else old[start - 1] if start else ""
            at = start if start < end else start - 1
            hunks.append(Hunk(from_ + 1, tuple(old[start:end]), tuple(new[from_:to]), _origin(local, anchor, at)))
    return Drift(name, what, tuple(hunks))


def _origin(local: SourceFile | None, text: str, at: int) -> Origin | None:
    """Where a line that was sent comes from: the same text here, nearest to where it stood."""
    if local is None:
        return None
    near = range(max(0, at - CONTEXT_LOOKED_AT), min(len(local.lines), at + CONTEXT_LOOKED_AT))
    same = [line for line in near if local.lines[line] == text]
    return local.origin(min(same, key=lambda line: abs(line - at)) + 1) if same else None
