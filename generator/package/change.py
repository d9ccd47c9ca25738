"""Changes of the files that a person edits."""

from __future__ import annotations

from pathlib import PurePosixPath

import msgspec


class Change(msgspec.Struct, frozen=True):
    """A file before and after; None where it is not there."""

    path: PurePosixPath
    before: bytes | None
    after: bytes | None
