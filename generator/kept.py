"""Files that save time and may be missing: beside Python's own bytecode, else in the user's cache.

Standard library only, and little of it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable


def cache() -> str | None:
    """The user's cache directory of specgen, which need not exist (XDG Base Directory Specification).

    None where there is none: the user has no home, or the variable is not absolute.
    """
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(root, "specgen") if os.path.isabs(root) else None


def places(name: str, bytecode: str | None) -> tuple[str, ...]:
    """Where a file of this name may be, best place first; `bytecode` is where that of the module that asks is kept."""
    beside = [os.path.dirname(bytecode)] if bytecode and not sys.dont_write_bytecode else []
    user = cache()
    return tuple(os.path.join(folder, name) for folder in (*beside, *([user] if user else [])))


def is_trusted(found: os.stat_result) -> bool:
    """Whether code in such a file or folder may be run: nobody else can have written it, unless that was root.

    Who becomes root may keep the HOME of somebody else, and with it a cache that is theirs.
    """
    return found.st_uid in (os.geteuid(), 0) and not found.st_mode & 0o022


def keep(content: bytes, paths: Iterable[str]) -> None:
    """Write a file at the first of these paths that can be written, the whole of it or nothing."""
    for path in paths:
        unfinished = f"{path}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(unfinished, "wb", opener=_opened) as file:
                file.write(content)
            os.replace(unfinished, path)
        except OSError:
            _remove(unfinished)
        except BaseException:  # an interrupt
            _remove(unfinished)
            raise
        else:
            return


def forget(folder: str, word: str, most: int) -> None:
    """Keep only the newest of the files in a folder that have this word in their names."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        files = sorted((entry.stat().st_mtime_ns, entry.path) for entry in entries if word in entry.name)
        for _, path in files[:-most]:
            os.unlink(path)


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(path)


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags, 0o644)  # whatever the umask allows to others, see is_trusted
