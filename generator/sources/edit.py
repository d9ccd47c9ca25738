"""What edits of lines make of a file."""

from __future__ import annotations

from collections.abc import Iterable

from generator.errors import InputError
from generator.origin import Edit


def spliced(content: bytes, edits: Iterable[Edit]) -> bytes:
    r"""The content of one file with these edits made; their lines are those of the content before any of them.

    With nothing to remove, lines are put before the one at the edit's origin; the line after the last one appends.
    New lines end as the line before them does (`\r\n` in a file that has it); every other byte is kept. Two edits that
    put lines at the same place keep their order.

    Raises:
        InputError: an edit names a line that is not there, or two edits overlap.
    """
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    open_end = lines.pop()
    texts = [line + "\n" for line in lines] + ([open_end] if open_end else [])
    ordered = sorted(edits, key=lambda edit: (edit.origin.line, edit.origin.line + edit.remove))
    free = 1
    for edit in ordered:
        first, after = edit.origin.line, edit.origin.line + edit.remove
        if first < 1 or edit.remove < 0 or after > len(texts) + 1:
            raise InputError(
                f"there is no line {max(first, after - 1)}", edit.origin, "the file has changed since it was read"
            )
        if first < free:
            raise InputError("two edits change the same line", edit.origin)
        free = after
    for edit in reversed(ordered):
        at = edit.origin.line - 1
        end = _line_end(texts, at)
        if edit.insert and at and at == len(texts) and not texts[-1].endswith("\n"):
            texts[-1] += end
        texts[at : at + edit.remove] = [line + end for line in edit.insert]
    return "".join(texts).encode("utf-8", "surrogateescape")


def _line_end(texts: list[str], at: int) -> str:
    """The line end for lines that are put at position `at`: that of the line before, else of the one there."""
    for index in (at - 1, at - 2, at):
        if 0 <= index < len(texts) and texts[index].endswith("\n"):
            return "\r\n" if texts[index].endswith("\r\n") else "\n"
    return "\n"
