"""Applying a patch to a tree, exactly: what `patch -p1 --fuzz=0 -f` does in %prep, without a process or a file.

Hunks may have moved (an offset), their context may not have changed. How the place of a hunk is searched, and what a
creation, deletion, rename or copy needs, follows GNU patch 2.7; property tests compare the two.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import msgspec
from msgspec.structs import replace

from generator.errors import InputError, Problem
from generator.origin import Origin
from generator.sources.patch import FileDiff, Hunk, Patch
from generator.upstream.tree import EXECUTABLE, LINK, REGULAR, Entry, Tree

_GIT_NAMES = re.compile(rb'diff --git (?:"(?:[^"\\]|\\.)*"|[^\s"]\S*)\s+(?:"(?:[^"\\]|\\.)*"|[^\s"]\S*)\s*\Z')
_SHOWN = 12  # lines of a hunk, and of what is there instead, in a message


class Moved(msgspec.Struct, frozen=True):
    """A hunk that applied elsewhere than it says: `offset` lines further down."""

    path: str
    hunk: Hunk
    offset: int


class Applied(msgspec.Struct, frozen=True):
    """The tree after a patch, and the hunks that had moved."""

    tree: Tree
    moved: tuple[Moved, ...] = ()


def apply_patch(tree: Tree, patch: Patch, strip: int = 1) -> Applied:
    """Apply a patch, `strip` as the N of `patch -pN`.

    Raises:
        InputError: it does not apply; one problem per rejected hunk or file, each with the line in the patch, the
            hunk, and the lines that are there now.
    """
    if not patch.files:
        raise InputError("there is no diff in this patch", Origin(PurePosixPath(patch.name), 1))
    run = _Run(tree, patch, strip)
    for file in patch.files:
        run.apply(file)
    if run.problems:
        raise InputError(run.problems)
    return Applied(run.tree, tuple(run.moved))


class _Rejected(Exception):  # noqa: N818 -- not an error: it ends one file and becomes a Problem
    """One file of the patch cannot be applied at all."""


class _Run:
    """One patch on its way through a tree. In a git diff, copies and renames start from the tree before it."""

    def __init__(self, tree: Tree, patch: Patch, strip: int) -> None:
        self.before = tree
        self.changes: dict[str, Entry | None] = {}
        self.written: set[str] = set()
        self.patch = patch
        self.strip = strip
        self.problems: list[Problem] = []
        self.moved: list[Moved] = []

    @property
    def tree(self) -> Tree:
        return self.before.replacing(self.changes)

    def now(self, path: str) -> Entry | None:
        """The entry at a path, with what this patch has done so far."""
        return self.changes[path] if path in self.changes else self.before.get(path)

    def apply(self, file: FileDiff) -> None:
        try:
            self.apply_file(file)
        except _Rejected as reason:
            self.problems.append(Problem(str(reason), self.origin(file.line)))

    def origin(self, line: int) -> Origin:
        return Origin(PurePosixPath(self.patch.name), line)

    def apply_file(self, file: FileDiff) -> None:
        if file.binary:
            raise _Rejected(f"{file.path} is changed by a binary diff, which patch cannot apply")
        if file.git and not file.hunks and not any(map(_GIT_NAMES.match, file.header)):
            raise _Rejected(f"{file.path}: patch cannot read a name with blanks where there are no hunks")
        source, target = self.paths(file)
        moves = file.kind in ("rename", "copy")
        if target in self.written or target in self.changes:  # patch holds back only the first change of a file
            self.written.add(target)
            self.before = self.before.replacing({target: self.now(target)})
            self.changes.pop(target, None)
        entry = self.before.get(source) if moves else self.now(source)
        self.check_source(file, source, entry)
        mode = self.mode(file, source, entry)
        content = self.patched(file, source, entry.content if entry else b"")
        if content is None:
            return
        if file.kind == "delete":
            if content:
                raise _Rejected(f"{source} is to be deleted, but has more in it than the patch removes")
            self.put(source, None)
            return
        if file.kind == "rename" and source != target:
            self.put(source, None)
        self.check_folders(target)
        self.put(target, Entry(content, mode))

    def put(self, path: str, entry: Entry | None) -> None:
        if path in self.written:
            self.before = self.before.replacing({path: entry})
        else:
            self.changes[path] = entry

    def paths(self, file: FileDiff) -> tuple[str, str]:
        """The file that is read and the one that is written, as GNU patch chooses them among the names given."""
        old, new = (self.usable(file.stripped(path, self.strip)) for path in (file.old_path, file.new_path))
        index = self.usable(file.stripped(file.index_name, self.strip))
        if file.kind in ("rename", "copy"):
            if not old or not new:
                raise _Rejected(f"a {file.kind} names no two files that lie in the tree")
            if self.now(new) is not None and old != new:  # GNU patch overwrites it, or patches it in place
                raise _Rejected(f"{new} is there already, where {old} would be put by a {file.kind}")
            return old, new
        names = [name for name in (old, new) if name] or [name for name in (index,) if name]
        if not names:
            raise _Rejected(f"{file.path!r} names no file in the tree (-p{self.strip})")
        there = [name for name in names if self.now(name) is not None]
        if there:
            best = min(there, key=_simplicity)
        elif _may_create(file):
            best = min(names, key=lambda name: (self.missing_folders(name), *_simplicity(name)))
        else:
            raise _Rejected(f"{names[-1]} is not in the tree{self.elsewhere(names[-1])}")
        return best, best

    @staticmethod
    def usable(name: str | None) -> str | None:
        if not name or name.startswith("/") or ".." in name.split("/"):
            return None
        return posixpath.normpath(name)

    def missing_folders(self, name: str) -> int:
        parents = [parent for parent in PurePosixPath(name).parents if parent.name]
        return sum(not any(path.startswith(f"{parent}/") for path in self.tree) for parent in parents)

    def elsewhere(self, name: str) -> str:
        base = posixpath.basename(name)
        found = sorted(path for path in self.tree if posixpath.basename(path) == base)
        return f"; there is {', '.join(found[:3])}" if found else ""

    def check_source(self, file: FileDiff, source: str, entry: Entry | None) -> None:
        if file.kind == "create":
            if entry is not None and entry.content and file.hunks:
                raise _Rejected(f"{source} is to be created, but is there already")
            return
        if entry is None and not _may_create(file):
            raise _Rejected(f"{source} is not in the tree{self.elsewhere(source)}")

    def check_folders(self, path: str) -> None:
        for parent in PurePosixPath(path).parents:
            if parent.name and self.now(str(parent)) is not None:
                raise _Rejected(f"{path} cannot be written: {parent} is no folder")

    def mode(self, file: FileDiff, source: str, entry: Entry | None) -> int:
        """The mode that the file gets. A link is changed only by a diff of a link, a file only by one of a file."""
        old = int(file.old_mode, 8) if file.old_mode else None
        new = int(file.new_mode, 8) if file.new_mode else None
        says_link = (new if new is not None else old or REGULAR) & 0o170000 == LINK
        if entry is not None and entry.is_link != says_link:
            kind, other = ("a link", "a file") if entry.is_link else ("a file", "a link")
            raise _Rejected(f"{source} is {kind}, but the patch is for {other}")
        if says_link:
            return LINK
        if new is not None and (new != old or file.kind == "create"):  # else it only tells what it has been
            return EXECUTABLE if new & 0o100 else REGULAR
        return entry.mode if entry else REGULAR

    def patched(self, file: FileDiff, path: str, content: bytes) -> bytes | None:
        """The content after all hunks; None where one of them was rejected."""
        hunks = file.hunks
        if file.carriage_returns:
            hunks = tuple(
                replace(hunk, lines=tuple(line.without_carriage_return() for line in hunk.lines)) for hunk in hunks
            )
        place = _Place(_split(content))
        for hunk in hunks:
            offset = place.insert(hunk)
            if offset is None:
                self.problems.append(Problem(_rejection(hunk, path, place), self.origin(hunk.line)))
            elif offset:
                self.moved.append(Moved(path, hunk, offset))
        return None if place.rejected else place.content()


class _Place:
    """The lines of one file while hunks are put into it, from the top to the bottom."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines
        self.out: list[bytes] = []
        self.frozen = 0  # this many lines are behind us
        self.offset = 0  # how far the last hunk had moved
        self.rejected = 0

    def content(self) -> bytes:
        self.copy(len(self.lines))
        return b"".join(self.out)

    def insert(self, hunk: Hunk) -> int | None:
        """Put a hunk in; how far it had moved, or None where it has no place."""
        start = hunk.old_start + (hunk.old_count == 0)
        where = self.find(hunk, start)
        if where is None:
            self.rejected += 1
            return None
        at = where - 1
        for line in hunk.lines:
            if line.kind != " ":
                self.copy(at)
            if line.kind == "+":
                self.write(line.content)
            else:
                at += 1
            if line.kind == "-":
                self.frozen = at
        return where - start

    def copy(self, until: int) -> None:
        for line in self.lines[self.frozen : until]:
            self.write(line)
        self.frozen = max(self.frozen, until)

    def write(self, line: bytes) -> None:
        if self.out and not self.out[-1].endswith(b"\n"):
            self.out[-1] += b"\n"
        self.out.append(line)

    def find(self, hunk: Hunk, start: int) -> int | None:
        """The line, from 1, where the hunk's old lines are: nearest to where the last one moved, down before up.

        A hunk with fewer lines of context before its change than after it, which says that it is at the start of
        the file, is only there; one with fewer after it is only at the end.
        """
        old = hunk.old
        guess = start + self.offset
        if not old:
            return guess if guess > self.frozen else None
        prefix, suffix = _context(hunk)
        last = len(self.lines) - len(old) + 1
        if prefix < suffix and start <= 1:
            places: Iterator[int] = iter((1,))
        elif suffix < prefix:
            places = iter((last,))
        else:
            places = _outward(guess, self.frozen + 1, last)
        for where in places:
            if self.frozen < where <= last and self.lines[where - 1 : where - 1 + len(old)] == list(old):
                self.offset = where - start
                return where
        return None


def _may_create(file: FileDiff) -> bool:
    """Whether the file need not be there: it is created, begins with nothing, or is empty and deleted."""
    if not file.hunks:
        return file.kind in ("create", "delete")
    return file.kind == "create" or file.hunks[0].old_start == file.hunks[0].old_count == 0


def _outward(guess: int, first: int, last: int) -> Iterator[int]:
    for distance in range(max(abs(guess - first), abs(last - guess)) + 1):
        if first <= guess + distance <= last:
            yield guess + distance
        if distance and first <= guess - distance <= last:
            yield guess - distance


def _context(hunk: Hunk) -> tuple[int, int]:
    """The lines of context before the first change and after the last one."""
    changed = [index for index, line in enumerate(hunk.lines) if line.kind != " "]
    if not changed:
        return len(hunk.lines), len(hunk.lines)
    return changed[0], len(hunk.lines) - 1 - changed[-1]


def _split(content: bytes) -> list[bytes]:
    """Lines with their ends; only a newline ends one."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _simplicity(name: str) -> tuple[int, int, int]:
    return name.count("/"), len(posixpath.basename(name)), len(name)


def _rejection(hunk: Hunk, path: str, place: _Place) -> str:
    """What is said of a hunk that has no place: the hunk, and the lines where it should be."""
    old, lines = hunk.old, place.lines
    start = _nearest(old, lines, max(hunk.old_start + place.offset, 1))
    heading = hunk.heading.decode("utf-8", "replace").strip()
    text = [f"{path}: the hunk {heading} does not apply"]
    text += ["  the hunk:"]
    text += [f"    {line.kind}{_shown(line.content)}" for line in hunk.lines[:_SHOWN]]
    if len(hunk.lines) > _SHOWN:
        text.append(f"    … {len(hunk.lines) - _SHOWN} more lines")
    now = lines[start - 1 : start - 1 + min(max(len(old), 1), _SHOWN)]
    if now:
        text.append(f"  now in lines {start} to {start + len(now) - 1} (> differs):")
        expected = [*old, *[None] * len(now)]
        text += [
            f"    {' ' if line == want else '>'} {_shown(line)}" for line, want in zip(now, expected, strict=False)
        ]
    else:
        text.append(f"  the file has only {len(lines)} lines")
    new = list(hunk.new)
    if new and any(lines[at : at + len(new)] == new for at in range(len(lines) - len(new) + 1)):
        text.append("  the lines that it would leave are there: is it applied already?")
    return "\n".join(text)


def _nearest(old: Sequence[bytes], lines: Sequence[bytes], guess: int) -> int:
    """The line, from 1, from which on the most lines are as the hunk has them; nearest to `guess` among equals."""
    where: dict[bytes, list[int]] = {}
    for number, line in enumerate(lines, 1):
        where.setdefault(line, []).append(number)
    hits: dict[int, int] = {}
    for index, line in enumerate(old):
        if line.strip():
            for number in where.get(line, ()):
                hits[number - index] = hits.get(number - index, 0) + 1
    best = max(hits.items(), key=lambda item: (item[1], -abs(item[0] - guess)), default=(guess, 0))
    return max(best[0], 1)


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "backslashreplace")
    shown = text.removesuffix("\n").replace("\r", "\\r")
    return shown if text.endswith("\n") else f"{shown}\\ no newline"
