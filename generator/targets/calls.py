"""Markers: what a scriptlet macro leaves in a text that a target's macros expanded.

The macros that a distribution's packages bring (`%service_add_pre`, `%fillup_only`, …) are not rebuilt here. A target
defines each as a marker, a statement of the shell that does nothing and says which macro was called with what:

    %service_add_pre docker.service docker.socket      becomes
    : macro service_add_pre docker.service docker.socket

It passes `bash -n` and shellcheck wherever a command can stand, also as `: macro x || :` and in
`if …; then : macro x; fi`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

PREFIX = ": macro "
_CALL = re.compile(r"(?<![\w:])" + re.escape(PREFIX) + r"(\w+)((?:[^\n;&|\"']|\"[^\"\n]*\"|'[^'\n]*')*)")


class Call(NamedTuple):
    """One macro call in a scriptlet or a build section: its name, its arguments as one text, the line it stands on."""

    name: str
    arguments: str
    line: int  # counted from 1

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments apart from options."""
        return tuple(word for word in self.arguments.split() if not word.startswith("-"))


def marker(name: str, arguments: str = "") -> str:
    """The statement that stands for a call."""
    return f"{PREFIX}{name} {arguments}".rstrip()


def calls(text: str) -> Iterator[Call]:
    """Every marker in a text that librpm expanded, in order."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in _CALL.finditer(line):
            yield Call(found[1], " ".join(found[2].split()), number)
