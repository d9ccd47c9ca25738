"""Where a fact was written."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NamedTuple


class Origin(NamedTuple):
    """A place in a file that a person edits: the path as that person named it, and the line, counted from 1."""

    path: PurePosixPath
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class Edit(NamedTuple):
    """A change at the place where a fact was written: from `origin` on, `remove` lines give way to those of `insert`.

    `insert` holds lines without their ends.
    """

    origin: Origin
    remove: int
    insert: tuple[str, ...]


class Text(str):
    """A string that remembers where it was written."""

    __slots__ = ("origin",)
    origin: Origin | None

    def __new__(cls, value: str, origin: Origin | None = None) -> Text:
        """Make the text of `value`, written at `origin`."""
        text = super().__new__(cls, value)
        text.origin = origin
        return text


def origin_of(value: object) -> Origin | None:
    """The origin of a value that came from a definition, or None where it has none."""
    return value.origin if isinstance(value, Text) else None
