"""The `newc` cpio format (cpio(5), "New ASCII Format"), which OBS services write as `.obscpio`."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

MAGICS = (b"070701", b"070702")  # without and with a checksum, which only `070702` fills

_HEADER = 110
_FIELDS = 13
_TRAILER = "TRAILER!!!"
_LONGEST_NAME = 1 << 16


class CpioError(Exception):
    """The bytes are not what the format says; the text says why."""


class CpioMember(NamedTuple):
    """One member. `inode` is the same for the names of one file, of which only the last carries the content."""

    name: str
    mode: int
    content: bytes
    inode: tuple[int, ...]
    links: int


def members(read: Callable[[int], bytes], check_size: Callable[[str, int], None]) -> Iterator[CpioMember]:
    """The members before the trailer.

    `read(n)` gives n bytes, fewer at the end; `check_size(name, size)` may refuse a member before it is read.

    Raises:
        CpioError: the archive is damaged.
    """
    while True:
        header = _exactly(read, _HEADER)
        if header[:6] not in MAGICS:
            raise CpioError("a member's header does not begin with 070701")
        try:
            fields = [int(header[at : at + 8], 16) for at in range(6, 6 + 8 * _FIELDS, 8)]
        except ValueError as error:
            raise CpioError("a member's header holds something other than hexadecimal numbers") from error
        inode, mode, _, _, links, _, size, major, minor, _, _, name_size, _ = fields
        if not 1 < name_size <= _LONGEST_NAME:
            raise CpioError(f"a member's name is {name_size} bytes long")
        raw = _exactly(read, name_size)
        _exactly(read, -(_HEADER + name_size) % 4)
        name = raw[:-1].decode("utf-8", "surrogateescape")
        if raw[-1] or "\0" in name:
            raise CpioError("a member's name does not end where its length says")
        if name == _TRAILER:
            return
        check_size(name, size)
        content = _exactly(read, size)
        _exactly(read, -size % 4)
        if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode) and content:
            raise CpioError(f"{name!r} is no file and has content")
        yield CpioMember(name, mode, content, (inode, major, minor), links)


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    data = read(size)
    if len(data) != size:
        raise CpioError("it ends in the middle of a member")
    return data
