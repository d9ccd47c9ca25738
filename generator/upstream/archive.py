"""Archives and folders read into a `Tree`: tar (plain, gz, bz2, xz, zst) and cpio newc (OBS calls it obscpio).

An archive is hostile until it has been read: nothing is extracted, and whatever would reach outside the tree, is
neither file nor link nor folder, or is larger than `Limits` allows ends the reading. What an archive is comes from its
bytes, never from its name.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, NamedTuple, Protocol, cast

from generator.errors import InputError
from generator.upstream import cpio
from generator.upstream.tree import EXECUTABLE, LINK, REGULAR, Entry, Tree

_CHUNK = 1 << 18
_BLOCK = 512  # of a tar
_EXTENSIONS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_LONGEST_EXTENSION = 1 << 16

Kind = Literal["file", "link", "hardlink", "folder", "device, pipe or socket"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upstream tree may cost.

    `total` is bytes after decompression; `ratio` is unpacked by packed bytes, judged once `ratio_from` bytes have come
    out (a short run of zeros compresses as well as a bomb). Large known trees stay below: linux has 90,000 files and
    1.5 GB, gcc 140,000 files; sources shrink to a fourth up to a twelfth.
    """

    members: int = 500_000
    total: int = 4 << 30
    ratio: int = 200
    ratio_from: int = 64 << 20
    path: int = 4096


class _Member(NamedTuple):
    name: str
    kind: Kind
    executable: bool = False
    content: bytes = b""
    target: str = ""


def read_tree(path: Path, limits: Limits | None = None) -> Tree:
    """The tree that is at `path`: an archive, a folder, or a folder in an archive (`docker.tar.xz/engine`).

    The one folder that all of an archive may lie in is left out, as `%setup -n` enters it. Of a folder, a `.git` at its
    top is no part.

    Raises:
        InputError: it cannot be read, is no archive of a known kind, is damaged, or is hostile.
    """
    limits = limits or Limits()
    try:
        if path.is_dir():
            return _checked(path, _collect(path, _folder_members(path, limits), limits))
        archive = holder(path)
        if archive is not None and archive != path:
            return _inner(path, archive, read_tree(archive, limits))
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is neither a file nor a folder")
        with path.open("rb") as file:
            stream = _Stream(path, file, limits)
            members = _cpio_members(stream) if stream.peek(6) in cpio.MAGICS else _tar_members(stream)
            return _checked(path, _collect(path, members, limits).without_top())
    except (tarfile.TarError, cpio.CpioError, EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        hint = "known are tar, also as gz, bz2, xz and zst, and obscpio; unpack another, and give the folder"
        raise InputError(f"{path}: damaged, or no archive of a kind known here: {error}", hint=hint) from error
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be read: {error.strerror or error}") from error


def holder(path: Path) -> Path | None:
    """The file or folder that `path` is, or the archive that it leads into; None where nothing is there."""
    if path.exists():
        return path
    return next((parent for parent in path.parents if parent.is_file()), None)


def _inner(path: Path, archive: Path, tree: Tree) -> Tree:
    folder = path.relative_to(archive).as_posix()
    found = tree.below(folder)
    if not found:
        tops = sorted({name.partition("/")[0] for name in tree if "/" in name})
        raise InputError(f"{archive}: there is no folder {folder} in it", hint=f"it has {', '.join(tops) or 'none'}")
    return _checked(path, found)


class _Stream:
    """The decompressed bytes of an archive, counted against the limits."""

    def __init__(self, path: Path, file: BinaryIO, limits: Limits) -> None:
        self.path = path
        self.limits = limits
        self._packed = path.stat().st_size
        self._out = 0
        self._ahead = b""
        self._source = _decompressed(file)
        self.tail = b""

    def peek(self, size: int) -> bytes:
        self._ahead = self.read(size)
        return self._ahead

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer only at the end."""
        parts = [self._ahead[:size]]
        have = len(parts[0])
        self._ahead = self._ahead[size:]
        while have < size and (chunk := self._source.read(min(size - have, _CHUNK))):
            self._count(len(chunk))
            parts.append(chunk)
            have += len(chunk)
        data = b"".join(parts)
        self.tail = (self.tail + data[-_BLOCK:])[-_BLOCK:]
        return data

    def check_size(self, name: str, size: int) -> None:
        """Refuse a member by the size that it claims, before anything is set aside for it."""
        if size < 0:
            raise tarfile.ReadError(f"{name!r} has a negative size")
        if size > self.limits.total:
            raise InputError(f"{self.path}: refused: {name!r} claims {size:,} bytes")

    def _count(self, size: int) -> None:
        self._out += size
        if self._out > self.limits.total:
            raise InputError(f"{self.path}: refused: more than {self.limits.total:,} bytes when unpacked")
        if self._out > self.limits.ratio_from and self._out > self.limits.ratio * self._packed:
            raise InputError(f"{self.path}: refused: it unpacks to more than {self.limits.ratio} times its size")


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _decompressed(file: BinaryIO) -> _Reader:
    head = file.read(6)
    file.seek(0)
    if head[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=file)
    if head[:3] == b"BZh":
        return bz2.BZ2File(file)
    if head == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(file)
    if head[:4] == b"\x28\xb5\x2f\xfd":
        return _Zstd(file)
    return file


class _Zstd:
    """zstandard's reader with an error that the other decompressors share."""

    def __init__(self, file: BinaryIO) -> None:
        import zstandard

        self._error = zstandard.ZstdError
        self._reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)

    def read(self, size: int) -> bytes:
        try:
            return self._reader.read(size)
        except self._error as error:
            raise tarfile.ReadError(str(error)) from error


class _TarInfo(tarfile.TarInfo):
    """A tar's header whose extensions (long names, pax records) stay small: tarfile reads these whole, and slowly."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        # Python's own place for this: newer ones make a header without `frombuf`.
        if self.size < 0 or (self.type in _EXTENSIONS and self.size > _LONGEST_EXTENSION):
            raise tarfile.ReadError(f"a header claims {self.size:,} bytes")
        return cast("tarfile.TarInfo", super()._proc_member(archive))  # type: ignore[misc]


def _tar_members(stream: _Stream) -> Iterator[_Member]:
    with tarfile.open(fileobj=cast("Any", stream), mode="r|", errorlevel=2, tarinfo=_TarInfo) as tar:
        for member in tar:
            stream.check_size(member.name, member.size)
            if member.isdir():
                yield _Member(member.name, "folder")
            elif member.issym():
                yield _Member(member.name, "link", target=member.linkname)
            elif member.islnk():
                yield _Member(member.name, "hardlink", target=member.linkname)
            elif member.isfile():
                content = cast("IO[bytes]", tar.extractfile(member)).read()
                yield _Member(member.name, "file", bool(member.mode & stat.S_IXUSR), content)
            else:
                yield _Member(member.name, "device, pipe or socket")
    while stream.read(_CHUNK):
        pass
    # Two empty blocks end every tar. A decompressor does not always tell that its input was cut off.
    if stream.tail.strip(b"\0"):
        raise tarfile.ReadError("the end of the archive is missing")


def _cpio_members(stream: _Stream) -> Iterator[_Member]:
    waiting: dict[tuple[int, ...], list[str]] = {}
    for member in cpio.members(stream.read, stream.check_size):
        if stat.S_ISDIR(member.mode):
            yield _Member(member.name, "folder")
        elif stat.S_ISLNK(member.mode):
            yield _Member(member.name, "link", target=member.content.decode("utf-8", "surrogateescape"))
        elif not stat.S_ISREG(member.mode):
            yield _Member(member.name, "device, pipe or socket")
        elif member.links > 1 and not member.content:
            waiting.setdefault(member.inode, []).append(member.name)
        else:
            for name in (*waiting.pop(member.inode, ()), member.name):
                yield _Member(name, "file", bool(member.mode & stat.S_IXUSR), member.content)
    for names in waiting.values():
        for name in names:
            yield _Member(name, "file")


def _folder_members(top: Path, limits: Limits) -> Iterator[_Member]:
    total = 0
    todo = [""]
    while todo:
        folder = todo.pop()
        with os.scandir(top / folder) as found:
            items = sorted(found, key=lambda item: item.name)
        for item in items:
            name = f"{folder}/{item.name}" if folder else item.name
            if item.is_symlink():
                yield _Member(name, "link", target=os.readlink(item.path))  # noqa: PTH115 -- a DirEntry, not a Path
            elif item.is_dir():
                if name != ".git":
                    todo.append(name)
            elif item.is_file():
                status = item.stat()
                total += status.st_size
                if total > limits.total:
                    raise InputError(f"{top}: refused: more than {limits.total:,} bytes")
                yield _Member(name, "file", bool(status.st_mode & stat.S_IXUSR), Path(item.path).read_bytes())
            else:
                yield _Member(name, "device, pipe or socket")


def _collect(source: Path, members: Iterator[_Member], limits: Limits) -> Tree:
    """Put the members into a tree; a name that comes twice means the later one, as tar has it."""
    entries: dict[str, Entry] = {}
    folders: set[str] = set()
    for count, member in enumerate(members, 1):
        if count > limits.members:
            raise InputError(f"{source}: refused: more than {limits.members:,} members")
        path = _inside(source, member.name, limits)
        if member.kind == "folder":
            _make_folders(source, path, entries, folders)
            continue
        if member.kind == "device, pipe or socket":
            raise InputError(f"{source}: refused: {member.name!r} is a {member.kind}")
        parent, _, last = path.rpartition("/")
        if not last or path in folders:
            raise InputError(f"{source}: refused: {member.name!r} is a folder and a {member.kind} at once")
        _make_folders(source, parent, entries, folders)
        if member.kind == "link":
            entries[path] = Entry(member.target.encode("utf-8", "surrogateescape"), LINK)
        elif member.kind == "hardlink":
            target = _inside(source, member.target, limits)
            if target not in entries:
                raise InputError(
                    f"{source}: refused: {member.name!r} is a hard link to {target!r}, not a member so far"
                )
            entries[path] = entries[target]
        else:
            entries[path] = Entry(member.content, EXECUTABLE if member.executable else REGULAR)
    return Tree(entries, str(source))


def _inside(source: Path, name: str, limits: Limits) -> str:
    """The path that a member's name means, if it lies inside."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or "\0" in name:
        raise InputError(f"{source}: refused: the name {name!r} leads outside")
    if len(name) > limits.path:
        raise InputError(f"{source}: refused: a member's name has {len(name):,} characters")
    return "/".join(parts)


def _make_folders(source: Path, folder: str, entries: dict[str, Entry], folders: set[str]) -> None:
    while folder and folder not in folders:
        if folder in entries:
            raise InputError(f"{source}: refused: something lies in {folder!r}, which is no folder")
        folders.add(folder)
        folder = folder.rpartition("/")[0]


def _checked(source: Path, tree: Tree) -> Tree:
    for path, entry in tree.items():
        if entry.is_link and tree.leads_outside(path):
            target = entry.content.decode("utf-8", "surrogateescape")
            raise InputError(f"{source}: refused: the link {path!r} leads outside: {target!r}")
    return tree
