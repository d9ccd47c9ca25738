"""Upstream trees at hand: where they are, and the patches that are rendered for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from generator.condition import Situation, evaluate
from generator.definition.model import Definition
from generator.errors import InputError
from generator.render.patchtemplate import PatchTemplate
from generator.sources import SourceFile, Sources, UpstreamPatch, UpstreamTree
from generator.sources.patch import Patch
from generator.targets import load
from generator.upstream.archive import read_tree
from generator.upstream.series import Step, apply_series
from generator.upstream.tree import Tree


def read_upstream(sources: Sources, given: Mapping[str, Path], folder: Path | None) -> dict[str, Tree]:
    """The trees that are at hand by their names: those given, else the archives that the folder has.

    Of a package without a definition nobody knows the trees: one that is given is the one of all its patches.

    Raises:
        InputError: a name is no tree of the package, or a tree cannot be read.
    """
    known = {tree.name: tree.archive for tree in sources.upstream}
    for name in given:
        if known and name not in known:
            raise InputError(f"--upstream {name}: {sources.name} has no such tree", hint=f"trees: {', '.join(known)}")
    paths = dict(given)
    for name, archive in known.items():
        found = folder / archive if folder else None
        if name not in paths and found is not None and found.is_file() and found.stat().st_size:
            paths[name] = found
    return {name: read_tree(path) for name, path in sorted(paths.items())}


def unrendered(sources: Sources) -> tuple[tuple[UpstreamTree, UpstreamPatch], ...]:
    """The patches of the package that are rendered from templates and have not been, with their trees."""
    return tuple(
        (tree, patch)
        for tree in sources.upstream
        for patch in tree.patches
        if patch.template and patch.file not in sources.files
    )


def with_patches(sources: Sources, definition: Definition, trees: Mapping[str, Tree]) -> Sources:
    """The package with the patches that its templates give for these trees; those of other trees stay missing.

    A patch is made for its tree after the patches before it, as far as they are there, in the situation of the newest
    target on which it is applied.

    Raises:
        InputError: a patch before it does not apply, no generation of the template fits, or there is no template.
    """
    files = dict(sources.files)
    for tree, patch in unrendered(sources):
        if tree.name not in trees:
            continue
        before = list(_before(tree, patch, definition, files))
        state = apply_series(trees[tree.name], before).tree
        content = PatchTemplate.of_project(patch.template).render(state, {"name": sources.name}).content
        files[patch.file] = SourceFile(patch.file, content)
    externals = tuple(external for external in sources.externals if external.name not in files)
    return replace(sources, files=dict(sorted(files.items())), externals=externals)


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
