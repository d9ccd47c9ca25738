"""The files of a package directory on disk: which belong to the package, and their contents."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from generator.errors import InputError, RefusalError
from generator.sources import SourceFile

# What osc leaves out of a package too (osc, `conf.py`, exclude_glob), and a lock that editors leave behind.
_CLUTTER = (".*", "*~", "#*#", "*.orig", "*.rej", "*.bak", "*.changes.vctmp.*", "_linkerror", "CVS")

# Bytes. What is larger and no text is an archive, and read when its content is asked for.
_LARGE = 1 << 20
_TEXTS = (".spec", ".changes", ".patch", ".diff", ".dif")


class LargeFile(SourceFile):
    """A large file of a package directory, whose content is read when it is first asked for."""

    def __init__(self, name: str, path: Path, executable: bool) -> None:
        """The file at `path`, under its name in the package."""
        # The content is left unset, so that the property below stands in for it.
        for field, value in (("name", name), ("origins", ()), ("executable", executable), ("kinds", ())):
            object.__setattr__(self, field, value)
        object.__setattr__(self, "_path", path)

    @cached_property
    def content(self) -> bytes:
        """The content.

        Raises:
            RefusalError: the file cannot be read any more.
        """
        return _read(self._path)

    @property
    def size(self) -> int:
        """The size in bytes, without reading.

        Raises:
            RefusalError: the file is not there any more.
        """
        try:
            return self._path.stat().st_size
        except OSError as error:
            raise RefusalError(f"{self._path} cannot be read: {error.strerror}") from None

    _path: Path


def package_files(folder: Path, shown: str) -> Iterator[tuple[str, Path]]:
    """The names and paths of the files that belong to the package, by name.

    Left out are subdirectories, hidden files, and what editors, patch and osc leave behind.

    Raises:
        InputError: there is no such directory or no spec in it, or a file in it is a link out of it, or to nothing.
        RefusalError: it cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"{shown} is not a directory")
    root = folder.resolve()
    try:
        names = sorted(path.name for path in folder.iterdir() if not _is_clutter(path.name))
    except OSError as error:
        raise RefusalError(f"{shown} cannot be read: {error.strerror}") from None
    if not any(name.endswith(".spec") and (folder / name).is_file() for name in names):
        hint = "check it out expanded, `osc checkout`" if "_link" in names else "a package directory has NAME.spec"
        raise InputError(f"{shown}: there is no spec file here", hint=hint)
    for name in names:
        path = folder / name
        if path.is_symlink():
            target = path.resolve()
            if not target.is_relative_to(root):
                raise InputError(f"{shown}/{name} is a link out of the directory", hint="put the file itself here")
            if not target.exists():
                raise InputError(f"{shown}/{name} is a link to nothing", hint="put the file itself here")
        if path.is_file():
            yield name, path


def _is_clutter(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in _CLUTTER)


def read_file(name: str, path: Path) -> SourceFile:
    """A file of the package; the content of a large one is read when it is asked for.

    Raises:
        RefusalError: it cannot be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise RefusalError(f"{path} cannot be read: {error.strerror}") from None
    executable = bool(status.st_mode & 0o100)
    if status.st_size > _LARGE and not name.endswith(_TEXTS):
        return LargeFile(name, path, executable)
    return SourceFile(name, _read(path), executable=executable)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RefusalError(f"{path} cannot be read: {error.strerror}") from None
