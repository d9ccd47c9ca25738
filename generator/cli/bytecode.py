"""The bytecode of all modules that a command loads, kept in one file.

Two hundred modules are found, opened and compared one by one; that is a tenth of a check. What is kept of a module is
used by the rule of Python's own files (PEP 552): while its source has the size and the time that it had. All of it is
forgotten when the search path has changed, or the names in one of its folders. Written when that is possible, and never
needed.
"""

from __future__ import annotations

import marshal
import mmap
import os
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import TypeAlias

from generator import kept

# Origin, place of Python's own bytecode, folders of a package or None, size and time of the source, first byte, length.
Entry: TypeAlias = "tuple[str, str, list[str] | None, int, int, int, int]"

_HERE = os.path.dirname(os.path.abspath(__file__))
_HEADER = 16  # bytes of Python's own file before the bytecode: magic number, flags, time and size of the source
_HEAD = struct.Struct("<QI")  # of our file: the length of what tells of the modules, and its checksum


class Loader(SourceFileLoader):
    """Loads a module from what is kept of it."""

    def __init__(self, name: str, path: str, content: memoryview) -> None:
        """`content` is the bytecode."""
        super().__init__(name, path)
        self._content = content

    def get_code(self, fullname: str) -> CodeType | None:
        """The compiled module; from Python's own file, or compiled anew, where what is kept is damaged."""
        try:
            code = marshal.loads(self._content)
        except (EOFError, MemoryError, TypeError, ValueError):
            code = None
        return code if isinstance(code, CodeType) else super().get_code(fullname)


class Finder:
    """A finder for `sys.meta_path` that knows modules by what was kept of them."""

    def __init__(self, paths: Sequence[str]) -> None:
        """`paths` are where the file may be."""
        self._paths = paths
        self._loaded_before = set(sys.modules)
        self._identity = _identity()
        self._entries, self._content = self._read()

    def _read(self) -> tuple[dict[str, Entry], memoryview]:
        for path in self._paths:
            try:
                with open(path, "rb") as file:
                    if not kept.is_trusted(os.fstat(file.fileno())):
                        continue
                    content = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
                length, checksum = _HEAD.unpack(content[: _HEAD.size])
                head, rest = content[_HEAD.size :][:length], content[_HEAD.size :][length:]
                if zlib.crc32(head) != checksum:  # marshal may take what is damaged for a length in gigabytes
                    continue
                identity, entries = marshal.loads(head)
            except (OSError, ValueError, struct.error):
                continue
            if identity == self._identity:
                return entries, rest
        return {}, memoryview(b"")

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module that is kept as it is, None for all others (importlib.abc.MetaPathFinder)."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        origin, bytecode, folders, size, changed, first, length = entry
        try:
            found = os.stat(origin)
        except OSError:
            return None
        if found.st_size != size or found.st_mtime_ns != changed:
            return None
        if path is not None and os.path.dirname(os.path.dirname(origin) if folders else origin) not in path:
            return None
        spec = ModuleSpec(name, Loader(name, origin, self._content[first : first + length]), origin=origin)
        spec.has_location = True
        spec.cached = bytecode
        spec.submodule_search_locations = folders and list(folders)
        return spec

    def keep(self) -> None:
        """Write the file anew if this process has loaded modules that are not in it."""
        new = {name: found for name in set(sys.modules) - self._loaded_before if (found := _bytecode(name))}
        if not new or sys.dont_write_bytecode:
            return
        entries: dict[str, Entry] = {}
        contents: list[bytes | memoryview] = []
        position = 0
        for name, (entry, content) in (new | {name: found for name, found in self._old() if name not in new}).items():
            entries[name] = (*entry[:5], position, len(content))
            contents.append(content)
            position += len(content)
        head = marshal.dumps((self._identity, entries))
        kept.keep(b"".join([_HEAD.pack(len(head), zlib.crc32(head)), head, *contents]), iter(self._paths))

    def _old(self) -> Iterator[tuple[str, tuple[Entry, memoryview]]]:
        for name, entry in self._entries.items():
            yield name, (entry, self._content[entry[5] : entry[5] + entry[6]])


def use(command: str) -> Finder | None:
    """Find modules in what is kept for a command from now on; None where there is no such command."""
    if not command.isidentifier() or not os.path.isfile(os.path.join(_HERE, f"{command}.py")):
        return None
    name = f"{command}-{zlib.crc32(f'{_HERE} {sys.executable}'.encode()):08x}.{sys.implementation.cache_tag}.modules"
    finder = Finder(tuple(kept.places(name, __spec__.cached if __spec__ else None)))
    sys.meta_path.insert(sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else 0, finder)
    return finder


def _identity() -> list[object]:
    """What the file belongs to, as marshal can write it: the interpreter, and what its search path offers."""
    return [sys.version, sys.flags.optimize, [(folder, _offered(folder)) for folder in sys.path]]


def _offered(folder: str) -> int:
    """A checksum of the names in a folder that can be those of modules."""
    try:
        names = sorted(name for name in os.listdir(folder or ".") if not name.startswith((".", "__pycache__")))
    except OSError:
        return 0
    return zlib.crc32("/".join(names).encode("utf-8", "surrogateescape"))


def _bytecode(name: str) -> tuple[Entry, bytes] | None:
    """What is to be kept of a loaded module: an entry without a place, and the bytecode that Python has of it."""
    spec = sys.modules[name].__spec__
    if spec is None or type(spec.loader) is not SourceFileLoader or spec.name != name or not spec.cached:
        return None
    try:
        with open(spec.cached, "rb") as file:
            content = file.read()
        source = os.stat(spec.loader.path)
    except OSError:
        return None
    as_written = [int(source.st_mtime) & 0xFFFFFFFF, source.st_size & 0xFFFFFFFF]
    header = [int.from_bytes(content[first : first + 4], "little") for first in (4, 8, 12)]
    if header != [0, *as_written]:  # made for another source, or checked by its hash
        return None
    folders = spec.submodule_search_locations
    entry = (spec.loader.path, spec.cached, folders and list(folders), source.st_size, source.st_mtime_ns, 0, 0)
    return entry, content[_HEADER:]
