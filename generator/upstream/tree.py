"""A source tree in memory: path → content and mode. Nothing of it is ever written to disk."""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Iterator, Mapping

import msgspec

REGULAR = 0o100644
EXECUTABLE = 0o100755
LINK = 0o120000

_MOST_LINKS = 40  # Linux follows as many (path_resolution(7))


class Entry(msgspec.Struct, frozen=True):
    """A file or a symbolic link.

    `mode` is one of git's three (REGULAR, EXECUTABLE, LINK); a link's `content` is what it points at.
    """

    content: bytes
    mode: int = REGULAR

    @property
    def is_link(self) -> bool:
        """Whether this is a symbolic link."""
        return self.mode == LINK


class Tree(Mapping[str, Entry]):
    """The entries of a tree by their path: relative, `/` between its parts, no `.` or `..`. Immutable.

    `name` is what messages call it. Folders exist as far as something is in them, as in git.
    """

    __slots__ = ("_entries", "name")

    def __init__(self, entries: Mapping[str, Entry], name: str = "") -> None:
        self._entries = dict(entries)
        self.name = name

    def __getitem__(self, path: str) -> Entry:
        return self._entries[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __eq__(self, other: object) -> bool:
        return self._entries == other._entries if isinstance(other, Tree) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it compares by value, as a dict does

    def __repr__(self) -> str:
        return f"Tree({self.name!r}, {len(self)} entries)"

    def replacing(self, changes: Mapping[str, Entry | None]) -> Tree:
        """A tree with these entries put in, or taken out where the value is None."""
        entries = dict(self._entries)
        for path, entry in changes.items():
            if entry is None:
                entries.pop(path, None)
            else:
                entries[path] = entry
        return Tree(entries, self.name)

    def without_top(self) -> Tree:
        """The tree inside the one folder that everything lies in, as `%setup -n` enters it; else the tree itself."""
        tops = {path.partition("/")[0] for path in self._entries}
        if len(tops) != 1 or (top := tops.pop()) in self._entries:
            return self
        return Tree(self.below(top), self.name)

    def below(self, folder: str) -> Tree:
        """The tree inside one of its folders, empty where there is no such folder."""
        start = f"{folder}/"
        found = {path[len(start) :]: entry for path, entry in self._entries.items() if path.startswith(start)}
        return Tree(found, f"{self.name}/{folder}" if self.name else folder)

    def leads_outside(self, path: str) -> bool:
        """Whether the link at `path` points outside the tree, followed through the tree's other links.

        A link that points at nothing, or in a circle, stays inside.
        """
        here: list[str] = []
        ahead = deque(path.split("/"))
        hops = 0
        while ahead:
            part = ahead.popleft()
            if part in ("", "."):
                continue
            if part == "..":
                if not here:
                    return True
                here.pop()
                continue
            here.append(part)
            entry = self._entries.get("/".join(here))
            if entry is not None and entry.is_link:
                target = entry.content.decode("utf-8", "surrogateescape")
                if posixpath.isabs(target):
                    return True
                hops += 1
                if hops > _MOST_LINKS:
                    return False
                here.pop()
                ahead.extendleft(reversed(target.split("/")))
        return False
