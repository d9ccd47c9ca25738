"""Anchored edits: whole lines that must occur exactly once in a file, and the lines that replace them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from generator.upstream.tree import Entry, Tree

_NEAR = 3  # lines shown that look like a missing anchor
_ALIKE = 0.6  # and from which likeness on, as difflib's ratio


@dataclass(frozen=True, slots=True)
class AnchoredEdit:
    """An edit of one file. `anchor` and `replacement` are whole lines, each with its newline.

    `anchor` alone, without `replacement`, only asks for its presence: it tells generations apart.
    """

    path: str
    anchor: str
    replacement: str | None = None


@dataclass(frozen=True, slots=True)
class Miss:
    """Why an edit does not fit a tree: the file, the reason, and the lines that come nearest to its anchor."""

    path: str
    reason: str
    nearest: tuple[tuple[int, str], ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.path}: {self.reason}"]
        lines += [f"    {number}: {text}" for number, text in self.nearest]
        return "\n".join(lines)


def missing(tree: Tree, edits: Iterable[AnchoredEdit]) -> tuple[Miss, ...]:
    """The edits that do not fit the tree; none where all of them can be made."""
    return tuple(dict.fromkeys(miss for edit in edits if (miss := _miss(tree, edit))))


def apply_edits(tree: Tree, edits: Iterable[AnchoredEdit]) -> Tree:
    """The tree with the edits made, all at once: an anchor is never found in another's replacement.

    Raises:
        ValueError: one of them does not fit (ask `missing` first), or two anchors overlap, which is the edits' fault.
    """
    spans: dict[str, list[tuple[int, int, bytes]]] = {}
    for edit in edits:
        if miss := _miss(tree, edit):
            raise ValueError(str(miss))
        if edit.replacement is not None:
            anchor = edit.anchor.encode()
            (at,) = _occurrences(tree[edit.path].content, anchor)
            spans.setdefault(edit.path, []).append((at, at + len(anchor), edit.replacement.encode()))
    changes: dict[str, Entry | None] = {}
    for path, found in spans.items():
        parts, done, content = [], 0, tree[path].content
        for start, end, new in sorted(found):
            if start < done:
                raise ValueError(f"{path}: two anchors overlap")
            parts += [content[done:start], new]
            done = end
        changes[path] = Entry(b"".join([*parts, content[done:]]), tree[path].mode)
    return tree.replacing(changes)


def _miss(tree: Tree, edit: AnchoredEdit) -> Miss | None:
    entry = tree.get(edit.path)
    if entry is None:
        return Miss(edit.path, "the file is not in the tree")
    if entry.is_link:
        return Miss(edit.path, "it is a link")
    places = _occurrences(entry.content, edit.anchor.encode())
    if len(places) == 1:
        return None
    first = next(line for line in edit.anchor.splitlines() if line.strip())
    if not places:
        reason = f"the anchor {first.strip()!r} does not occur"
        return Miss(edit.path, reason, _nearest(entry.content, edit.anchor))
    found = tuple((entry.content.count(b"\n", 0, at) + 1, first) for at in places)
    return Miss(edit.path, f"the anchor {first.strip()!r} occurs {len(places)} times", found)


def _occurrences(content: bytes, anchor: bytes) -> list[int]:
    """Where the anchor's lines stand, as whole lines; places that overlap count too."""
    places = []
    at = content.find(anchor)
    while at >= 0:
        if at == 0 or content[at - 1 : at] == b"\n":
            places.append(at)
        at = content.find(anchor, at + 1)
    return places


def _nearest(content: bytes, anchor: str) -> tuple[tuple[int, str], ...]:
    """The lines most like the anchor's, where not all of them are there; else those that break it up."""
    lines = content.decode("utf-8", "replace").splitlines()
    stripped = [line.strip() for line in lines]
    wanted = [line.strip() for line in anchor.splitlines() if line.strip()]
    lost = next((line for line in wanted if line not in stripped), wanted[0])
    alike = difflib.get_close_matches(lost, set(stripped), _NEAR, _ALIKE)
    numbers = sorted(stripped.index(text) for text in alike)
    return tuple((number + 1, lines[number]) for number in numbers)
