"""The terminal, or what stands in its place: colours, width, and what happens when nothing can be written any more."""

from __future__ import annotations

import os
import sys


def colour_wish() -> bool | None:
    """What the environment says of colours (no-color.org); None: where a terminal reads them."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None


def coloured() -> bool:
    """Whether standard output is to have colours."""
    wish = colour_wish()
    return sys.stdout.isatty() if wish is None else wish


def width() -> int:
    """The columns to print in: those of a terminal, at most 100; 80 elsewhere."""
    import shutil

    return min(shutil.get_terminal_size().columns, 100) if sys.stdout.isatty() else 80


def unwritten(error: OSError) -> int:
    """The exit code after standard output could not be written; what could not be is dropped.

    Nothing is said of a pipe whose reader has left, as it wanted no more.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return 141
    sys.stderr.write(f"error: the output cannot be written: {error.strerror}\n")
    return 3
