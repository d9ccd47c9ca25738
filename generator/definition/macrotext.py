"""Macro text: what a definition hands to rpm on one line of a spec, as rpm will expand it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_REFERENCE = re.compile(r"%%|%\{[!?]*([A-Za-z_]\w*)|%[!?]*([A-Za-z_]\w*)")
_PAIRS = {"{": "}", "(": ")", "[": "]"}


def fault(text: str) -> str:
    """What would keep the text from being one line of a spec; empty where nothing does.

    rpm reads on in the next line while a `%{`, `%(` or `%[` is open, and after a backslash (rpm's build/parseSpec.c).
    """
    if "\n" in text:
        return "has several lines"
    if (len(text) - len(text.rstrip("\\"))) % 2:
        return "ends in a backslash, which would join it with the next line"
    opened = _opened(text)
    return f"opens %{opened} without a {_PAIRS[opened]}" if opened else ""


def _opened(text: str) -> str:
    """The first kind of bracket of a macro that is not closed; brackets count once a macro has opened one."""
    if not any(f"%{bracket}" in text for bracket in _PAIRS):
        return ""
    open_ = dict.fromkeys(_PAIRS, 0)
    at = 0
    while at < len(text):
        here, following = text[at], text[at + 1 : at + 2]
        if here == "\\" or (here == "%" and following == "%"):
            at += 1
        elif here == "%" and following in _PAIRS:
            open_[following] += 1
            at += 1
        else:
            for left, right in _PAIRS.items():
                if open_[left]:
                    open_[left] += (here == left) - (here == right)
        at += 1
    return next((bracket for bracket, count in open_.items() if count), "")


def references(text: str) -> Iterator[str]:
    """The names of the macros that the text expands, in order."""
    for match in _REFERENCE.finditer(text):
        name = match[1] or match[2]
        if name:
            yield name


def cycles(macros: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The macros that expand themselves, each ring once, beginning with the one that was defined first."""
    found: dict[frozenset[str], tuple[str, ...]] = {}
    done: set[str] = set()
    for first in macros:
        trail: list[str] = []
        pending = [iter([first])]
        while pending:
            name = next(pending[-1], None)
            if name is None:
                pending.pop()
                if trail:
                    done.add(trail.pop())
            elif name in trail:
                ring = trail[trail.index(name) :]
                found.setdefault(frozenset(ring), (*ring, name))
            elif name in macros and name not in done:
                trail.append(name)
                pending.append(references(macros[name]))
    return list(found.values())
