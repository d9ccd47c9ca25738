"""Loading: the folder of a definition becomes a Definition, with every error of the file at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from generator.components.kind import kinds
from generator.condition import Condition, Constant
from generator.definition import consistency
from generator.definition.consistency import Parts
from generator.definition.convert import Converter, fields, nearest, place, required
from generator.definition.extend import merge, remove
from generator.definition.model import Definition, Feature, Head, Option, SourceText
from generator.definition.nodes import read_nodes
from generator.errors import InputError, Problem
from generator.origin import Origin, Text

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
    converter = Converter(problems=problems)
    known = _types()
    values: dict[str, Any] = {}
    components: dict[str, Any] = {}
    for key in (*_FIRST, *(key for key in nodes if key not in _FIRST)):
        node = nodes.get(key, Text(""))
        if key == "remove":
            continue
        if key not in known:
            converter.problem(f"there is no key '{key}'", key, nearest(key, [*known, "remove"]))
        elif key not in fields(Head):
            components[str(key)] = converter.convert(node, known[key], str(key), place(key))
        else:
            name = fields(Head)[key][0]
            values[name] = converter.convert(node, known[key], str(key), place(key))
            if required(Head, name) and isinstance(values[name], str) and not values[name].strip():
                converter.problem(f"'{key}' is empty", key)
            _prepare(name, node, values[name], converter, settings or {})
    problems += [
        Problem(f"the definition needs '{key}'", place(nodes) or Origin(PurePosixPath(folder[FILE].path), 1))
        for key, (name, _) in fields(Head).items()
        if required(Head, name) and name not in values
    ]
    features = _features(values.get("features") or {}, converter)
    components = {key: value for key, value in components.items() if value is not None}
    problems += consistency.problems(Parts(values, components, files))
    if problems:
        once = dict.fromkeys(sorted(problems, key=lambda problem: problem.origin or _NOWHERE))
        raise InputError(once)
    return Definition(Head(**values, origin=place(nodes)), components, features, converter.options, files)


# What later keys speak of is read before them, wherever it stands.
_FIRST = ("options", "features", "conditions")


def _prepare(name: str, node: Any, value: Any, converter: Converter, settings: Mapping[str, str]) -> None:
    """Tell the converter what later keys can speak of."""
    if name == "options":
        options: dict[str, Option] = value or {}
        converter.choices = {str(name): option.choices for name, option in options.items()}
        converter.options = _choices(options, settings, converter.problems)
    elif name == "features":
        converter.features = tuple(map(str, node)) if isinstance(node, Mapping) else ()
    elif name == "conditions":
        converter.conditions = {}
        for key, text in (value or {}).items():
            decided = converter.decided(text, converter.features)
            if decided is not None:
                converter.conditions = {**converter.conditions, str(key): decided}


_NOWHERE = (PurePosixPath(), 0)


def _nodes(
    folder: Folder, parent: Callable[[str], Folder], problems: list[Problem], chain: tuple[str, ...]
) -> tuple[Mapping[Any, Any], dict[str, SourceText]]:
    """The merged nodes and files of a definition and of those that it extends."""
    file = folder.get(FILE)
    if file is None:
        raise InputError(f"there is no {FILE} in this definition's folder")
    document, wrong = read_nodes(file.content, PurePosixPath(file.path))
    problems += wrong
    if document is None:
        raise InputError(problems)
    root: Mapping[Any, Any] = document.root
    files = dict(folder)
    base = root.get("extends")
    unwanted = root.get("remove")
    if unwanted and not base:
        problems.append(Problem("remove without extends: there is nothing to leave out", place(unwanted)))
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
        types = _types()
        merged = {key: node for key, node in inherited.items() if key not in ("extends", "remove")}
        if unwanted:
            merged = remove(merged, unwanted, types, "", problems)
        merged = merge(merged, {key: node for key, node in root.items() if key != "remove"}, types, problems)
        return merged, {**inherited_files, **files}
    return root, files


def _types() -> dict[str, Any]:
    """The types of all keys of a definition."""
    return {**{key: type_ for key, (_, type_) in fields(Head).items()}, **{kind.key: kind.type for kind in kinds()}}


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


def _features(given: Mapping[str, Feature], converter: Converter) -> dict[str, Condition]:
    """When each feature is on by default; a default may name features before it."""
    found: dict[str, Condition] = {}
    for name, feature in given.items():
        if feature.on in ("always", "never"):
            found[str(name)] = Constant(feature.on == "always")
            continue
        condition = converter.decided(Text(feature.on, place(feature.on) or feature.origin), tuple(found))
        if condition is not None:
            found[str(name)] = condition
    return found


__all__ = ["FILE", "Folder", "load"]
