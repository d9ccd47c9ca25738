"""The bytecode of all modules that a command loads, kept in one file.

Two hundred modules are found, opened and compared one by one; that is a tenth of a check. What is kept of a module is
used while its source is the same file with the same size and times, a stricter rule than that of Python's own files
(PEP 552), and while Python would find no other module of its name: the search path and the names in its folders, and
for the modules of a package those in its folder, are what they were. Written when that is possible, and never needed.
"""

from __future__ import annotations

import marshal
import os
import struct
import sys
import zlib
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER
from types import CodeType, ModuleType
from typing import NamedTuple

from generator import kept
from generator.cli.commands import COMMANDS

_HERE = os.path.dirname(os.path.abspath(__file__))
_PYTHON = struct.Struct("<4sIII")  # of Python's own file: magic number, flags, time and size of the source
_HEAD = struct.Struct("<8sQI")  # of ours: what it is, the length of what tells of the modules, the checksum of that
_FORMAT = b"modules1"
_MOST = 24  # files in a user's cache; each installation has one for each command


class Entry(NamedTuple):
    """What is kept of a module; marshal writes it as a tuple of these values."""

    origin: str
    bytecode: str  # where Python has its own file
    is_package: bool
    state: tuple[int, int, int, int]
    first: int  # byte at which its bytecode begins: in the file, where the entry was read; else after what tells of it
    length: int

    @property
    def folder(self) -> str:
        """The folder in which the module was found."""
        found = os.path.dirname(self.origin)
        return os.path.dirname(found) if self.is_package else found


class Loader(SourceFileLoader):
    """Loads a module from what is kept of it."""

    def __init__(self, name: str, file: int, entry: Entry) -> None:
        """`file` is the open file."""
        super().__init__(name, entry.origin)
        self._file, self._entry = file, entry

    def get_code(self, fullname: str) -> CodeType | None:
        """The compiled module; from Python's own file, or compiled anew, where what is kept is damaged."""
        content = _content(self._file, self._entry)
        try:
            code = None if content is None else marshal.loads(content)
        except (EOFError, MemoryError, TypeError, ValueError):
            code = None
        return code if isinstance(code, CodeType) else super().get_code(fullname)


class Finder:
    """A finder for `sys.meta_path` that knows modules by what was kept of them."""

    def __init__(self, paths: Sequence[str]) -> None:
        """`paths` are where the file may be."""
        self._paths = paths
        self._loaded_before = set(sys.modules)
        self._search = list(sys.path)
        self._identity = [sys.version, sys.flags.optimize, [(folder, _offer(folder)) for folder in map(str, sys.path)]]
        self._offers: dict[str, int] = {}
        self._file, self._entries, self._packages = self._best()

    def _best(self) -> tuple[int, dict[str, Entry], dict[str, int]]:
        """Of the files that belong to this search path the one with most modules, open; its modules and packages."""
        best: tuple[int, dict[str, Entry], dict[str, int]] = (-1, {}, {})
        for path in self._paths:
            try:
                file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                continue
            entries, packages = self._read(file)
            worse, best = (best[0], (file, entries, packages)) if len(entries) > len(best[1]) else (file, best)
            if worse >= 0:
                os.close(worse)
        return best

    def _read(self, file: int) -> tuple[dict[str, Entry], dict[str, int]]:
        try:
            if not kept.is_trusted(os.fstat(file)):
                return {}, {}
            form, length, checksum = _HEAD.unpack(os.pread(file, _HEAD.size, 0))
            head = os.pread(file, length, _HEAD.size) if form == _FORMAT else b""
            if not head or zlib.crc32(head) != checksum:  # marshal may take what is damaged for a length in gigabytes
                return {}, {}
            identity, entries, packages = marshal.loads(head)
        except (OSError, OverflowError, MemoryError, ValueError, struct.error):
            return {}, {}
        if identity != self._identity:
            return {}, {}
        base = _HEAD.size + length
        return {name: Entry(*told)._replace(first=base + told[4]) for name, told in entries.items()}, packages

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module that is kept as it is, None for all others (importlib.abc.MetaPathFinder)."""
        entry = self._entries.get(name)
        if entry is None or sys.path != self._search:
            return None
        if path is None:
            if entry.folder not in self._search:
                return None
        elif list(path) != [entry.folder] or not self._is_as_kept(entry.folder):
            return None
        own = [os.path.dirname(entry.origin)] if entry.is_package else None
        if (own and not self._is_as_kept(own[0])) or _state(entry.origin) != entry.state:
            return None
        spec = ModuleSpec(name, Loader(name, self._file, entry), origin=entry.origin)
        spec.has_location = True
        spec.cached = entry.bytecode
        spec.submodule_search_locations = own
        return spec

    def _is_as_kept(self, folder: str) -> bool:
        if folder not in self._offers:
            self._offers[folder] = _offer(folder)
        return self._offers[folder] == self._packages.get(folder)

    def keep(self) -> None:
        """Write the file anew if this process has loaded modules that are not in it."""
        if sys.dont_write_bytecode or sys.path != self._search:
            return
        new = {name: found for name in set(sys.modules) - self._loaded_before if (found := self._bytecode(name))}
        if not new:
            return
        old = {
            name: (entry, content)
            for name, entry in self._entries.items()
            if name not in new and (content := _content(self._file, entry)) is not None
        }
        entries: dict[str, tuple[object, ...]] = {}
        packages: set[str] = set()
        position = 0
        for name, (entry, content) in (old | new).items():
            entries[name] = tuple(entry._replace(first=position, length=len(content)))
            position += len(content)
            packages |= {os.path.dirname(entry.origin)} if entry.is_package else set()
            packages |= {entry.folder} if "." in name else set()
        head = marshal.dumps((self._identity, entries, {folder: _offer(folder) for folder in sorted(packages)}))
        contents = [content for _, content in (old | new).values()]
        kept.keep(b"".join([_HEAD.pack(_FORMAT, len(head), zlib.crc32(head)), head, *contents]), self._paths)
        if user := kept.cache():
            kept.forget(user, ".modules", _MOST)

    def _bytecode(self, name: str) -> tuple[Entry, bytes] | None:
        """What is to be kept of a loaded module: an entry, and the bytecode that Python has of it."""
        module = sys.modules.get(name)
        spec = getattr(module, "__spec__", None)
        if spec is None or type(spec.loader) is not SourceFileLoader or spec.name != name or not spec.cached:
            return None
        origin, folders = spec.loader.path, spec.submodule_search_locations
        state = _state(origin)
        try:
            with open(spec.cached, "rb") as file:
                content = file.read()
            magic, flags, changed, size = _PYTHON.unpack(content[: _PYTHON.size])
        except (OSError, struct.error):
            return None
        entry = Entry(origin, spec.cached, folders is not None, state, 0, 0)
        made_of_it = (magic, flags) == (MAGIC_NUMBER, 0) and (size, changed) == (
            state[0] & 0xFFFFFFFF,
            state[1] // 10**9 & 0xFFFFFFFF,
        )
        if not made_of_it or (folders is not None and list(folders) != [os.path.dirname(origin)]):
            return None
        # A folder of this name becomes the module when it gets an __init__.py, where it is not yet one itself.
        tail = name.rpartition(".")[2]
        before = self._search[: self._search.index(entry.folder)] if entry.folder in self._search else []
        rivals = [os.path.join(folder, tail) for folder in (*before, *([] if entry.is_package else [entry.folder]))]
        return None if any(map(os.path.isdir, rivals)) else (entry, content[_PYTHON.size :])


def use(command: str) -> Finder | None:
    """Find modules in what is kept for a command from now on; None where there is no such command."""
    if command not in COMMANDS:
        return None
    name = f"{command}-{zlib.crc32(os.fsencode(_HERE + sys.executable)):08x}.{sys.implementation.cache_tag}.modules"
    finder = Finder(kept.places(name, __spec__.cached if __spec__ else None))
    sys.meta_path.insert(sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else 0, finder)
    return finder


def _content(file: int, entry: Entry) -> bytes | None:
    """The bytecode of an entry; None where the file is shorter than it was, or its server is gone."""
    try:
        content = os.pread(file, entry.length, entry.first)
    except OSError:
        return None
    return content if len(content) == entry.length else None


def _offer(folder: str) -> int:
    """A checksum of the names in a folder that can be those of modules; of the size and time of an archive."""
    try:
        names = sorted(name for name in os.listdir(folder or ".") if not name.startswith((".", "__pycache__")))
    except NotADirectoryError:
        return zlib.crc32(repr(_state(folder)).encode())
    except OSError:
        return 0
    return zlib.crc32(os.fsencode("/".join(names)))


def _state(path: str) -> tuple[int, int, int, int]:
    """What tells one content of a file from another: size, times in nanoseconds, inode; zeros where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0, 0, 0
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
