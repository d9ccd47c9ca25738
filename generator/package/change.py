"""Changes of the files that a person edits, and the edits that make them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from generator.errors import InputError
from generator.origin import Edit


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after; None where it is not there."""

    path: PurePosixPath
    before: bytes | None
    after: bytes | None


def spliced(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The content with whole lines taken out and put in; every other byte stays, line ends included.

    Raises:
        InputError: an edit names lines that are not there.
    """
    lines = content.splitlines(keepends=True)
    end = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
    for edit in sorted(edits, key=lambda edit: edit.origin.line, reverse=True):
        at = edit.origin.line - 1
        if at < 0 or at + edit.remove > len(lines) or at > len(lines):
            raise InputError("there is no such line any more", edit.origin, "the file has changed since it was read")
        if at == len(lines) and lines and not lines[-1].endswith(b"\n"):
            lines[-1] += end
        lines[at : at + edit.remove] = [line.encode("utf-8", "surrogateescape") + end for line in edit.insert]
    return b"".join(lines)
