"""Changes of the files that a person edits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Change:
    """A file before and after; None where it is not there."""

    path: PurePosixPath
    before: bytes | None
    after: bytes | None
