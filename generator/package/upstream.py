"""Upstream trees at hand: where they are, and the patches that are rendered for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from generator.condition import Situation, evaluate
from generator.definition.model import Definition
from generator.errors import InputError, Problem
from generator.package.beside import FILE
from generator.package.defined import Defined
from generator.package.foreign import Foreign
from generator.package.supply import Supply, supplied
from generator.render.patchtemplate import PatchTemplate
from generator.sources import SourceFile, Sources, UpstreamPatch, UpstreamTree
from generator.sources.patch import Patch
from generator.targets import load
from generator.upstream.archive import read_tree
from generator.upstream.series import Step, apply_series
from generator.upstream.tree import Tree


def read_upstream(sources: Sources, given: Mapping[str, Path], folder: Path | None) -> dict[str, Tree]:
    """The trees that are at hand by their names: those given, else the archives that the folder has.

    Of a package without a definition nobody may know the trees: the one that is given is then that of all its patches.

    Raises:
        InputError: a name is no tree of the package, several are given where none is known, or one cannot be read.
    """
    known = {tree.name: tree.archive for tree in sources.upstream}
    for name in given:
        if name not in known and (known or sources.defined):
            hint = f"trees: {', '.join(known)}" if known else "its definition has no trees"
            raise InputError(f"--upstream {name}: {sources.name} has no such tree", hint=hint)
    if len(given) > 1 and not known:
        hint = f"name the patches of each tree under trees: in {FILE} beside the spec"
        raise InputError(
            f"{sources.name} does not tell which of the trees {', '.join(given)} a patch is for", hint=hint
        )
    paths = dict(given)
    for name, archive in known.items():
        found = folder / archive if folder else None
        if name not in paths and found is not None and found.is_file() and found.stat().st_size:
            paths[name] = found
    trees = {name: read_tree(path) for name, path in sorted(paths.items())}
    for name, tree in trees.items():
        if not tree:
            raise InputError(f"{paths[name]}: there is no file in it")
    return trees


@dataclass(frozen=True)
class AtHand:
    """A package with what is at hand for it.

    `own` are its own files with the patches that its templates give; `completed` has the external files too, an archive
    as an empty file. `paths` tells where each external file is, `trees` are the upstream trees by their names.
    """

    own: Sources
    completed: Sources
    paths: Mapping[str, Path]
    trees: Mapping[str, Tree]


def at_hand(package: Defined | Foreign, given: Mapping[str, Path], folder: Path | None) -> AtHand:
    """Take what is given: the trees, and the external files that the folder has.

    A patch that a template gives is made for its tree wherever that is at hand; one that the folder holds is taken only
    where it is not.

    Raises:
        InputError: as `read_upstream` does; or a patch template does not fit its tree, or what is before it in the
            series does not.
    """
    sources = package.sources()
    trees = read_upstream(sources, given, folder)
    made = {patch.file for tree, patch in sources.templated if tree.name in trees}
    asked = replace(sources, externals=tuple(one for one in sources.externals if one.name not in made))
    supply = supplied(asked, folder) if folder else Supply(asked, {})
    completed = supply.sources
    if isinstance(package, Defined):
        completed = _with_patches(completed, package.definition, trees)
    mine = {patch.file for _, patch in sources.templated if patch.file in completed.files}
    own = replace(
        sources,
        files=dict(sorted({**sources.files, **{name: completed.files[name] for name in mine}}.items())),
        externals=tuple(one for one in sources.externals if one.name not in mine),
    )
    return AtHand(own, completed, {name: path for name, path in supply.paths.items() if name not in mine}, trees)


def require_patches(sources: Sources, folder: Path | None = None) -> None:
    """Refuse a package that is to have a patch from a template and has none.

    A patch that is in `folder` already, where the package was rendered before, is one.

    Raises:
        InputError: with each patch that is missing, and how to give its tree.
    """
    problems = [
        Problem(
            f"{patch.file} is made for the upstream tree {tree.name}, which is not here",
            patch.origin,
            f"give it with --upstream {tree.name}=PATH, or put {tree.archive} into --sources",
        )
        for tree, patch in sources.templated
        if patch.file not in sources.files and not (folder and (folder / patch.file).is_file())
    ]
    if problems:
        raise InputError(problems)


def _with_patches(sources: Sources, definition: Definition, trees: Mapping[str, Tree]) -> Sources:
    """The package with the patches that its templates give for these trees; those of other trees stay missing.

    A patch is made for its tree after the patches before it, as far as they are there, in the situation of the newest
    target on which it is applied.
    """
    files = dict(sources.files)
    for tree, patch in sources.templated:
        if tree.name not in trees or patch.file in files:
            continue
        before = list(_before(tree, patch, definition, files))
        state = apply_series(trees[tree.name], before).tree
        template = PatchTemplate.of_project(patch.template, patch.origin)
        rendered = template.render(state, {"name": sources.name}, wanted=patch.origin)
        files[patch.file] = SourceFile(patch.file, rendered.content)
    return replace(sources, files=dict(sorted(files.items())))


def _before(
    tree: UpstreamTree, patch: UpstreamPatch, definition: Definition, files: Mapping[str, SourceFile]
) -> Iterator[Step]:
    situation = _situation(definition, patch)
    for earlier in tree.patches:
        if earlier is patch:
            return
        used = earlier.when is None or situation is None or evaluate(earlier.when, situation)
        if used and earlier.file in files:
            yield Step(Patch.parse(earlier.file, files[earlier.file].content), earlier.strip)


def _situation(definition: Definition, patch: UpstreamPatch) -> Situation | None:
    """The situation of the last target in the definition's list on which the patch is applied."""
    for name in reversed(definition.head.targets):
        target = load(str(name))
        macros = {**target.macros, "name": str(definition.head.name)}
        features: dict[str, bool] = {}
        situation = Situation(macros, features, target.architecture)
        for key, on in definition.features.items():  # a feature may name those before it
            features[key] = evaluate(on, situation)
        if patch.when is None or evaluate(patch.when, situation):
            return situation
    return None
