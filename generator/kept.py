"""Files that save time and may be missing: beside Python's own bytecode, else in the user's cache.

Standard library only, and little of it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


def cache() -> str:
    """The user's cache directory of specgen, which need not exist (XDG Base Directory Specification)."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(root, "specgen")


def places(name: str, bytecode: str | None) -> Iterator[str]:
    """Where a file of this name may be, best place first; `bytecode` is where that of the module that asks is kept."""
    if bytecode and not sys.dont_write_bytecode:
        yield os.path.join(os.path.dirname(bytecode), name)
    yield os.path.join(cache(), name)


def is_trusted(found: os.stat_result) -> bool:
    """Whether code in such a file or folder may be run: nobody else can have written it, unless that was root.

    Who becomes root may keep the HOME of somebody else, and with it a cache that is theirs.
    """
    return found.st_uid in (os.geteuid(), 0) and not found.st_mode & 0o022


def keep(content: bytes, paths: Iterator[str]) -> None:
    """Write a file at the first of these paths that can be written, the whole of it or nothing."""
    for path in paths:
        unfinished = f"{path}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(unfinished, "wb", opener=_opened) as file:
                file.write(content)
            os.replace(unfinished, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
        else:
            return


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags, 0o644)  # whatever the umask allows to others, see is_trusted
