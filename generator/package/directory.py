"""Writing Sources into a directory: each file is old or new, never half, and files of others stay."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from generator.errors import InputError, RefusalError
from generator.sources import Sources

_BEGUN = ".specgen-"
"""How the name of a file begins that is being written; one that is left over is of a run that was killed."""


@dataclass
class Report:
    """What a write did, by file name."""

    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The report for programs."""
        return asdict(self)


def write(sources: Sources, directory: Path, supplied: Mapping[str, Path] | None = None) -> Report:
    """Write the files whose bytes differ; `supplied` are external files to copy along.

    Raises:
        InputError: the directory is a file, or a name leaves it.
        RefusalError: it cannot be written to, or a supplied file cannot be read.
    """
    report = Report()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, file in sources.files.items():
            _check_name(name)
            _replace(directory, name, file.content, report)
        for name, path in (supplied or {}).items():
            _check_name(name)
            _copy(directory, name, path, report)
        for left in directory.glob(f"{_BEGUN}*"):
            left.unlink()
    except (NotADirectoryError, FileExistsError) as error:
        raise InputError(f"{error.filename} is not a directory") from None
    except OSError as error:
        raise RefusalError(f"{error.filename or directory} cannot be written: {error.strerror}") from None
    ours = {*sources.files, *(external.name for external in sources.externals)}
    report.others = sorted(path.name for path in directory.iterdir() if path.name not in ours)
    return report


def _check_name(name: str) -> None:
    if "/" in name or name in ("", ".", ".."):
        raise InputError(f"'{name}' is no name for a file of a package", hint="files of a package lie in one directory")


def _replace(directory: Path, name: str, content: bytes, report: Report) -> None:
    path = directory / name
    if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
        report.unchanged.append(name)
        return
    _put(path, lambda file: file.write(content))
    report.written.append(name)


def _copy(directory: Path, name: str, source: Path, report: Report) -> None:
    path = directory / name
    try:
        with source.open("rb") as given:
            if path.is_file() and not path.is_symlink() and _same(given, path):
                report.unchanged.append(name)
                return
            given.seek(0)
            _put(path, lambda file: shutil.copyfileobj(given, file))
    except OSError as error:
        raise RefusalError(f"{source} cannot be read: {error.strerror}") from None
    report.written.append(name)


def _same(given: BinaryIO, path: Path) -> bool:
    return os.fstat(given.fileno()).st_size == path.stat().st_size and given.read() == path.read_bytes()


def _put(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Write a file under another name and rename it when all of it is on the disk; a link is replaced, not followed."""
    begun = path.with_name(f"{_BEGUN}{os.getpid()}-{path.name}")
    try:
        with begun.open("wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        begun.replace(path)
    except OSError as error:
        with suppress(OSError):
            begun.unlink()
        raise RefusalError(f"{path} cannot be written: {error.strerror}") from None
