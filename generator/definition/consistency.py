"""Consistency: what no single entry of a definition can know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec

from generator import targets
from generator.components.contribution import Subpackage
from generator.components.entry import Entry
from generator.components.facts import Facts
from generator.components.kind import kinds
from generator.definition.bodies import faults
from generator.definition.convert import nearest, place
from generator.definition.macrotext import cycles
from generator.definition.model import Expect, Package, SourceText, Tree
from generator.errors import InputError, Problem


class Parts(msgspec.Struct, frozen=True, dict=True):
    """The parts of a definition as far as they could be read: the head's values by field, components by key."""

    head: Mapping[str, Any]
    components: Mapping[str, Any]
    files: Mapping[str, SourceText] = {}

    def named(self, name: str) -> Any:
        """A map or list of the head, empty where it could not be read."""
        return self.head.get(name) or {}

    @cached_property
    def facts(self) -> Facts:
        """The facts that components see; subpackages are those of the definition itself."""
        packages: Mapping[str, Package] = self.named("packages")
        own = tuple(Subpackage(name, package.summary, package.description) for name, package in packages.items())
        macros = {name: macro.value for name, macro in self.named("macros").items()}
        return Facts(self.head.get("name") or "", self.head.get("version") or "", macros, self.components, own)

    @cached_property
    def packages(self) -> set[str]:
        """The suffixes of all subpackages, those that components add too."""
        found = {package.name for package in self.facts.subpackages}
        for kind in kinds():
            value = self.components.get(kind.key)
            if value is not None and not kind.late:
                found |= {package.name for one in kind.expand(value, self.facts) for package in one.subpackages}
        return found


def problems(parts: Parts) -> Iterator[Problem]:
    """Everything that does not fit together."""
    yield from _targets(parts.named("targets"))
    yield from _patches(parts.named("trees").values())
    yield from _trees(parts)
    yield from _macros(parts)
    for key, value in parts.components.items():
        for entry in value.values() if isinstance(value, dict) else [value]:
            yield from _named_things(key, entry, parts)
    yield from _expectations(parts.named("expect"))
    for kind in kinds():
        if parts.components.get(kind.key) is not None:
            yield from kind.check(parts.components[kind.key], parts.facts)
    if any(name.endswith(".sh") for name in parts.files):
        sources = {str(source.file) for source in parts.named("sources").values()}
        yield from faults(parts.files, parts.packages, sources)


def _targets(wanted: Iterable[str]) -> Iterator[Problem]:
    known = targets.names()
    for name in wanted:
        if name not in known:
            hint = nearest(name, known) or "a profile of your own is given as --target ./FILE.toml"
            yield Problem(f"there is no target '{name}'", place(name), hint)


def _patches(trees: Iterable[Tree]) -> Iterator[Problem]:
    numbers: dict[int, str] = {}
    files: dict[str, int] = {}
    for patch in (patch for tree in trees for patch in tree.patches):
        if patch.number in numbers:
            message = f"patch number {patch.number} is already that of {numbers[patch.number]}"
            yield Problem(message, patch.origin, "give it a number of its own")
        elif patch.file in files:
            yield Problem(f"{patch.file} is already patch {files[patch.file]}", patch.origin, "remove one of them")
        numbers.setdefault(patch.number, patch.file)
        files.setdefault(patch.file, patch.number)


def _trees(parts: Parts) -> Iterator[Problem]:
    macros = {str(name) for name in parts.named("macros")}
    for tree in parts.named("trees").values():
        yield from _package("trees", tree.package, parts)
        if tree.macro in macros:
            yield Problem(f"trees: the macro '{tree.macro}' is defined already", place(tree.macro), "use another name")
        if tree.macro:
            macros.add(str(tree.macro))


def _macros(parts: Parts) -> Iterator[Problem]:
    macros = parts.named("macros")
    values = {str(name): macro.value for name, macro in macros.items()}
    version = parts.head.get("version")
    origins = {str(name): macro.origin for name, macro in macros.items()}
    if isinstance(version, str):
        values["version"] = version
        origins["version"] = place(version)
    rings = cycles(values)
    for ring in rings:
        yield Problem(f"a macro expands itself: {' → '.join(ring)}", origins[ring[0]], "one of them needs a value")
    if not rings:
        yield from _lengths(values.values(), parts.facts)


def _lengths(values: Iterable[str], facts: Facts) -> Iterator[Problem]:
    """The first macro that becomes too long; those that use it would be, too."""
    for value in values:
        try:
            facts.plain(value)
        except InputError as error:
            yield from error.problems
            return


def _package(what: str, package: str, parts: Parts) -> Iterator[Problem]:
    own = parts.named("packages")
    if package and package not in own and package not in parts.packages:
        hint = nearest(package, parts.packages)
        yield Problem(f"{what}: there is no package '{package}'", place(package), hint)


def _named_things(key: str, entry: Any, parts: Parts) -> Iterator[Problem]:
    yield from _package(key, getattr(entry, "package", ""), parts)
    for package in getattr(entry, "without", ()):
        yield from _package(key, package, parts)
    tree, trees = getattr(entry, "tree", ""), parts.named("trees")
    if tree and tree not in trees:
        yield Problem(f"{key}: there is no tree '{tree}'", place(tree), nearest(tree, trees))
    elif tree and tree != (last := next(reversed(trees))):
        message = f"{key}: a text in the tree '{tree}' is not found, as %doc looks in '{last}', the last one"
        yield Problem(message, place(tree), f"say {last}, or nothing")
    for inner in getattr(entry, "own", {}).values() if isinstance(entry, Entry) else ():
        yield from _named_things(key, inner, parts)


def _expectations(expected: Iterable[Expect]) -> Iterator[Problem]:
    for expect in expected:
        said = [word for word in ("present", "absent", "only") if getattr(expect, word)]
        if len(said) != 1:
            which = " and ".join(said) or "nothing"
            yield Problem(f"an expectation says {which}", expect.origin, "give one of present, absent and only")
