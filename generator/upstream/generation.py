"""Generations: upstream's code differs from release to release, and what fits is found in the tree, not by version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.errors import InputError
from generator.origin import Origin
from generator.upstream.anchor import AnchoredEdit, Miss, apply_edits, missing
from generator.upstream.tree import REGULAR, Entry, Tree

_TOPS = 8  # names shown of what is at the top of a tree


@dataclass(frozen=True, slots=True)
class Generation:
    """One way of making a change: the edits, and the paths of the files that it adds.

    `name` and `about` are for messages: `B`, `25 to 27`.
    """

    name: str
    about: str
    edits: tuple[AnchoredEdit, ...]
    added: tuple[str, ...] = ()

    def misses(self, tree: Tree) -> tuple[Miss, ...]:
        """Why it does not fit a tree; nothing where it does."""
        there = tuple(
            Miss(path, "the file that is to be added is there already") for path in self.added if path in tree
        )
        return missing(tree, self.edits) + there

    def apply(self, tree: Tree, files: Mapping[str, str]) -> Tree:
        """The tree with the edits made and these files added.

        Raises:
            ValueError: it does not fit.
        """
        added = {path: Entry(content.encode(), REGULAR) for path, content in files.items()}
        return apply_edits(tree, self.edits).replacing(added)


def choose(tree: Tree, generations: Sequence[Generation], what: str, origin: Origin | None = None) -> Generation:
    """The one generation that fits the tree; `what` names the change in messages.

    Raises:
        InputError: none fits, with each one's first misses and the nearest lines; or more than one does.
    """
    misses = {generation.name: generation.misses(tree) for generation in generations}
    fitting = [generation for generation in generations if not misses[generation.name]]
    if len(fitting) == 1:
        return fitting[0]
    where = tree.name or "the tree"
    if folder := _folder(tree, generations):
        hint = f"give that folder itself: {tree.name}/{folder}"
        raise InputError(f"{what} does not fit {where}: the files that it changes lie in {folder}/", origin, hint)
    if fitting:
        names = " and ".join(generation.name for generation in fitting)
        raise InputError(
            f"{what}: {where} fits the generations {names} at once", origin, "an anchor must tell them apart"
        )
    lines = [
        f"{what} fits no generation of {where}; tried:" if len(generations) > 1 else f"{what} does not fit {where}:"
    ]
    # The one with the fewest misses is most likely meant: it is told last, where the eye is.
    for generation in sorted(generations, key=lambda one: -len(misses[one.name])):
        lines.append(f"  {generation.name} ({generation.about})")
        lines += [f"  {line}" for miss in misses[generation.name] for line in f"  {miss}".splitlines()]
    hint = "" if any(edit.path in tree for one in generations for edit in one.edits) else _other(tree)
    raise InputError("\n".join(lines), origin, hint)


def _other(tree: Tree) -> str:
    """What is said of a tree that has none of the files: what it has, so that a person sees what was given."""
    tops = sorted({path.partition("/")[0] for path in tree})
    shown = ", ".join(tops[:_TOPS]) + (f" and {len(tops) - _TOPS} more" if len(tops) > _TOPS else "")
    return f"none of these files is in it; is it another tree, or another version? At its top are {shown or 'no files'}"


def _folder(tree: Tree, generations: Sequence[Generation]) -> str:
    """The one folder that has all the files of some generation, where the top of the tree has none of any."""
    wanted = [{edit.path for edit in generation.edits} for generation in generations]
    if any(path in tree for paths in wanted for path in paths):
        return ""
    folders = set()
    for paths in wanted:
        first = f"/{min(paths)}" if paths else "/"
        for path in tree:
            folder = path.removesuffix(first)
            if folder != path and all(f"{folder}/{other}" in tree for other in paths):
                folders.add(folder)
    return folders.pop() if len(folders) == 1 else ""
