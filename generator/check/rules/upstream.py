"""Upstream: the series of patches applies to the trees at hand, under every combination that some target uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from generator.check.case import Case
from generator.check.expect import applied
from generator.check.rule import Hit, rule
from generator.errors import InputError

if TYPE_CHECKING:
    from generator.upstream.tree import Tree

_Series = tuple[str, tuple[str, ...]]  # a tree, and the patches that are applied to it


def series(case: Case) -> dict[_Series, set[str]]:
    """The different series that targets apply to the trees at hand, each with its targets."""
    found: dict[_Series, set[str]] = {}
    at_hand = case.view.upstream
    for reading in case.good if at_hand else ():
        patches = list(applied(reading))
        for tree in at_hand:
            # Of a package without a definition nobody knows which tree a patch belongs to; one tree has them all.
            mine = [name for name in patches if case.sources.trees.get(name, tree if len(at_hand) == 1 else "") == tree]
            found.setdefault((tree, tuple(mine)), set()).add(reading.target)
    return found


@rule(
    "patch-does-not-apply",
    "error",
    reason="rpm applies patches without fuzz, so that a build ends where one does not fit.",
    source="rpm's _default_patch_fuzz, 0",
    example="a backport whose context another patch of the series has changed",
)
def does_not_apply(case: Case) -> Iterator[Hit]:
    """A patch that the tree at hand rejects, after those that are applied before it."""
    strips = {patch.file: patch.strip for tree in case.sources.upstream for patch in tree.patches}
    if not case.view.upstream:
        return
    from generator.sources.patch import Patch
    from generator.upstream.apply import apply_patch

    states: dict[_Series, Tree | None] = {(name, ()): tree for name, tree in case.view.upstream.items()}
    for (tree, patches), targets in series(case).items():
        for count, name in enumerate(patches, 1):
            before, after = (tree, patches[: count - 1]), (tree, patches[:count])
            state = states[before]
            if after in states:
                continue
            states[after] = state
            file = case.sources.files.get(name)
            if state is None or file is None:
                continue
            try:
                states[after] = apply_patch(state, Patch.parse(name, file.content), strips.get(name, 1)).tree
            except InputError as error:
                states[after] = None  # what follows was made for another tree
                shared = targets.union(*(others for key, others in series(case).items() if _begins(key, after)))
                for problem in error.problems:
                    line = problem.origin.line if problem.origin else 1
                    yield Hit(f"{tree}: {problem.message}", name, line, frozenset(shared), problem.hint)


@rule(
    "upstream-series-incomplete",
    "note",
    reason="A series is proven only as far as its patches are there.",
    source="specgen",
    example="--upstream engine=docker.tar.xz without --sources",
)
def incomplete(case: Case) -> Iterator[Hit]:
    """A tree at hand whose series was tried without some of its patches, as they are not here."""
    missing: dict[str, dict[str, None]] = {}
    for tree, patches in series(case):
        missing.setdefault(tree, {}).update(dict.fromkeys(name for name in patches if name not in case.sources.files))
    for tree, names in missing.items():
        if names:
            spec = case.sources.spec.name
            line = case.spec(spec).tag_line(("patch",), next(iter(names)))
            told = f"{tree}: its series was tried without {len(names)} patches that are not here"
            yield Hit(told.replace("1 patches that are", "1 patch that is"), spec, line, hint="--sources DIR has them")


def _begins(key: _Series, start: _Series) -> bool:
    return key[0] == start[0] and key[1][: len(start[1])] == start[1]
