"""A series of patches on a tree, in order, as %prep applies it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from generator.sources.patch import Patch
from generator.upstream.apply import Moved, apply_patch
from generator.upstream.tree import Tree


@dataclass(frozen=True, slots=True)
class Step:
    """One patch of a series: `strip` is the N of `-pN`."""

    patch: Patch
    strip: int = 1


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """The tree after a series, and by patch name the hunks that had moved."""

    tree: Tree
    moved: dict[str, tuple[Moved, ...]]


def apply_series(tree: Tree, steps: Iterable[Step]) -> SeriesResult:
    """Apply the patches one after another. The first that does not apply ends it: what follows builds upon it.

    Raises:
        InputError: as `apply_patch` does.
    """
    moved: dict[str, tuple[Moved, ...]] = {}
    for step in steps:
        applied = apply_patch(tree, step.patch, step.strip)
        tree = applied.tree
        if applied.moved:
            moved[step.patch.name] = applied.moved
    return SeriesResult(tree, moved)
