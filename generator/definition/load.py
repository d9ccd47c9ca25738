"""Loading: the folder of a definition becomes a Definition, with every error of the file at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from generator.components.entry import Entry
from generator.components.kind import kinds
from generator.condition import Condition, Constant, fix, names, parse
from generator.definition.convert import Converter, fields, nearest, place, required
from generator.definition.extend import merge, remove
from generator.definition.model import Definition, Feature, Head, Option, SourceText
from generator.definition.nodes import load_nodes
from generator.errors import InputError, Problem
from generator.origin import Text

FILE = "package.yaml"

Folder = Mapping[str, SourceText]
"""The files of one definition's folder by their names within it."""


def load(folder: Folder, parent: Callable[[str], Folder], settings: Mapping[str, str] | None = None) -> Definition:
    """The definition in a folder.

    `parent` gives the folder of a definition by name, for `extends`; `settings` are choices of options.

    Raises:
        InputError: all that is wrong with the definition, each with file, line and the nearest known key.
    """
    problems: list[Problem] = []
    nodes, files = _nodes(folder, parent, problems, ())
    settings = settings or {}
    converter = Converter(problems=problems)
    options = converter.convert(nodes.get("options", Text("")), dict[str, Option], "options") or {}
    converter.options = _choices(options, settings, problems)
    converter.features = tuple(nodes.get("features", ()) or ())
    converter.conditions = _named(nodes, converter)
    known = {**{key: type_ for key, (_, type_) in fields(Head).items()}, **{kind.key: kind.type for kind in kinds()}}
    values: dict[str, Any] = {}
    components: dict[str, Any] = {}
    for key, node in nodes.items():
        if key == "remove":
            continue
        if key not in known:
            converter.problem(f"there is no key '{key}'", key, nearest(key, [*known, "remove"]))
        elif key in fields(Head):
            values[fields(Head)[key][0]] = converter.convert(node, known[key], str(key), place(key))
        else:
            components[str(key)] = converter.convert(node, known[key], str(key), place(key))
    for name in _required():
        if name not in values:
            message = f"the definition needs '{name.replace('_', '-')}'"
            problems.append(Problem(message, place(nodes)))
    features = _features(values.get("features") or {}, converter)
    if problems:
        raise InputError(sorted(problems, key=lambda problem: problem.origin or _NOWHERE))
    head = Head(**values, origin=place(nodes))
    _cross_check(head, components, problems)
    if problems:
        raise InputError(problems)
    components = {key: value for key, value in components.items() if value is not None}
    return Definition(head, components, features, converter.options, files)


_NOWHERE = (PurePosixPath(), 0)


def _nodes(
    folder: Folder, parent: Callable[[str], Folder], problems: list[Problem], chain: tuple[str, ...]
) -> tuple[Mapping[Any, Any], dict[str, SourceText]]:
    """The merged nodes and files of a definition and of those that it extends."""
    file = folder.get(FILE)
    if file is None:
        raise InputError(f"there is no {FILE} in this definition's folder")
    root: Mapping[Any, Any] = load_nodes(file.content, PurePosixPath(file.path)).root
    files = dict(folder)
    base = root.get("extends")
    if isinstance(base, Text) and base:
        if base in chain:
            raise InputError(f"'{base}' extends itself, by way of {', '.join(chain)}", base.origin)
        try:
            parent_folder = parent(base)
        except InputError as error:
            raise InputError(
                [Problem(problem.message, base.origin, problem.hint) for problem in error.problems]
            ) from None
        inherited, inherited_files = _nodes(parent_folder, parent, problems, (*chain, base))
        types = {kind.key: kind.type for kind in kinds()} | {key: type_ for key, (_, type_) in fields(Head).items()}
        merged = {key: node for key, node in inherited.items() if key not in ("extends", "remove")}
        unwanted = root.get("remove")
        for key, below in unwanted.items() if isinstance(unwanted, Mapping) else ():
            if key in merged:
                merged[key] = remove(merged[key], below, types.get(key, str), str(key), problems)
            else:
                problems.append(Problem(f"remove: there is no '{key}'", place(key), nearest(key, map(str, merged))))
        for key, node in root.items():
            if key in merged:
                result = merge(merged.pop(key), node, types.get(key, str))
                merged[key] = result
            elif key != "remove":
                merged[key] = node
        return merged, {**inherited_files, **files}
    return root, files


def _choices(options: Mapping[str, Option], settings: Mapping[str, str], problems: list[Problem]) -> dict[str, str]:
    chosen = {}
    for name, option in options.items():
        chosen[str(name)] = str(option.default)
        if option.default not in option.choices:
            problems.append(Problem(f"the default of option '{name}' is none of its choices", place(option.default)))
    for name, value in settings.items():
        if name not in options:
            problems.append(Problem(f"--set {name}: there is no such option", None, nearest(name, options)))
        elif value not in options[name].choices:
            hint = f"choices: {', '.join(options[name].choices)}"
            problems.append(Problem(f"--set {name}={value}: there is no such choice", None, hint))
        else:
            chosen[name] = value
    return chosen


def _named(nodes: Mapping[Any, Any], converter: Converter) -> dict[str, Condition]:
    """The named conditions; each may use those before it."""
    named: dict[str, Condition] = {}
    given = nodes.get("conditions")
    if not isinstance(given, Mapping):
        return named
    for name, node in given.items():
        converter.conditions = named
        if not isinstance(node, Text):
            converter.problem(f"the condition '{name}' is text", node)
            continue
        try:
            named[str(name)] = fix(parse(node, named, converter.features, node.origin), converter.options)
        except InputError as error:
            converter.problems.extend(error.problems)
    return named


def _features(given: Mapping[str, Feature], converter: Converter) -> dict[str, Condition]:
    """When each feature is on by default; a default may name features before it."""
    found: dict[str, Condition] = {}
    for name, feature in given.items():
        if feature.on in ("always", "never"):
            found[str(name)] = Constant(feature.on == "always")
            continue
        try:
            condition = parse(feature.on, converter.conditions, tuple(found), place(feature.on))
        except InputError as error:
            converter.problems.extend(error.problems)
            continue
        found[str(name)] = fix(condition, converter.options)
    return found


def _required() -> list[str]:
    return [name for name, _ in fields(Head).values() if required(Head, name)]


def _cross_check(head: Head, components: Mapping[str, Any], problems: list[Problem]) -> None:
    """What no single entry can know: patch numbers are used once, packages and trees that are named exist."""
    seen: dict[int, Any] = {}
    packages = {*head.packages, *(f"{shell}-completion" for shell in components.get("completions") or ())}
    for tree in head.trees.values():
        if tree.package and tree.package not in packages:
            problems.append(
                Problem(f"there is no package '{tree.package}'", place(tree.package), nearest(tree.package, packages))
            )
        for patch in tree.patches:
            if patch.number in seen:
                message = f"patch number {patch.number} is already that of {seen[patch.number].file}"
                problems.append(Problem(message, patch.origin, "give it a number of its own"))
            seen[patch.number] = patch
    for key, value in components.items():
        for entry in value.values() if isinstance(value, dict) else [value]:
            _named_things(key, entry, head, packages, problems)


def _named_things(key: str, entry: Any, head: Head, packages: set[str], problems: list[Problem]) -> None:
    package = getattr(entry, "package", "")
    if package and package not in packages:
        problems.append(Problem(f"{key}: there is no package '{package}'", place(package), nearest(package, packages)))
    tree = getattr(entry, "tree", "")
    if tree and tree not in head.trees:
        problems.append(Problem(f"{key}: there is no tree '{tree}'", place(tree), nearest(tree, head.trees)))
    for name in getattr(entry, "own", {}) if isinstance(entry, Entry) else ():
        _named_things(key, entry.own[name], head, packages, problems)


__all__ = ["FILE", "Folder", "load", "names"]
