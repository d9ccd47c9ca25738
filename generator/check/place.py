"""Finding the line of a spec that an expanded text came from: librpm gives back the text, but not its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_MACRO_CALL = re.compile(r"%(?:\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}|\((?:[^()]|\([^()]*\))*\)|[!?]*\w+|%)")
_MACRO_NAME = re.compile(r"%\{?[!?]*([A-Za-z_]\w*)", re.ASCII)


def literal(raw: str) -> str:
    """What of a raw line is no macro."""
    return _MACRO_CALL.sub("", raw) if "%" in raw else raw


def macros(raw: str) -> Iterator[str]:
    """The names of the macros in a raw line, those inside of others too."""
    return (match[1] for match in _MACRO_NAME.finditer(raw)) if "%" in raw else iter(())


def expands_to(raw: str, text: str) -> bool:
    """Whether `raw`, its macros standing for anything, may have become `text`; blanks count as one."""
    raw, text = " ".join(raw.split()), " ".join(text.split())
    if "%" not in raw:
        return raw == text
    first, *others = _MACRO_CALL.split(raw.replace("%%", "\0"))
    first, *others = (part.replace("\0", "%") for part in (first, *others))
    if not others:
        return first == text
    last = others.pop()
    if not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in others:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end


def place(candidates: Iterable[tuple[int, str]], text: str) -> int | None:
    """The line, of the `candidates` (line and raw value), that most likely became `text`; None where none may have.

    The one that holds the text as it is wins, then the one that shares most with it.
    """
    best, most = None, -1
    for line, raw in candidates:
        if text in raw:
            return line
        shared = len(literal(raw))
        if shared > most and expands_to(raw, text):
            best, most = line, shared
    return best
