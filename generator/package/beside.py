"""`.specgen.yaml`: what the maintainer of a hand-kept spec says beside it.

Keys: `targets` (names), `conditions` (named once, used in `on`), `features` (`%bcond` names that the spec's text does
not show), `external` (files that are declared and not kept here), `trees` (for each upstream tree the patches that
belong to it), `expect` and `waive` as in a definition.
"""

# Entries need real annotations, so there is no `from __future__ import annotations` here (definition.convert).
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from generator.condition import Condition, parse
from generator.definition.convert import Converter, nearest, place
from generator.definition.model import Expect, Waive
from generator.definition.nodes import Entries, read_nodes
from generator.errors import InputError, Problem
from generator.origin import Origin, Text
from generator.sources import Expectation, External, Waiver

FILE = ".specgen.yaml"

_KEYS = ("targets", "conditions", "features", "external", "trees", "expect", "waive")


@dataclass(frozen=True)
class Beside:
    """The content of a `.specgen.yaml`; empty where there is none."""

    targets: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    externals: tuple[External, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    trees: Mapping[str, str] = field(default_factory=dict)  # the tree of each patch


def read_beside(content: bytes, path: PurePosixPath, features: Collection[str] = ()) -> Beside:
    """Read a `.specgen.yaml`; `features` are those that the spec defines.

    Raises:
        InputError: all that is wrong with it, each with its line and the nearest known key.
    """
    document, problems = read_nodes(content, path)
    if document is None:
        raise InputError(problems)
    root = document.root
    for key in root:
        if key not in _KEYS:
            problems.append(Problem(f"there is no key '{key}'", key.origin, nearest(key, _KEYS)))
    own = _names(root, "features", problems)
    converter = Converter(features=tuple(dict.fromkeys([*features, *own])), problems=problems)
    converter.conditions = _conditions(root, converter)
    made = Beside(
        targets=_names(root, "targets", problems),
        features=own,
        externals=tuple(External(name, name.origin) for name in _names(root, "external", problems)),
        expectations=tuple(_expectations(_list(root, "expect", Expect, converter), problems)),
        waivers=tuple(_waivers(_list(root, "waive", Waive, converter), problems)),
        trees=_trees(root, problems),
    )
    if problems:
        raise InputError(sorted(problems, key=lambda problem: problem.origin or Origin(path, 0)))
    return made


def _list(root: Entries, key: str, kind: type, converter: Converter) -> list[Any]:
    node = root.get(Text(key), Text(""))
    origin = root.key_origin(key) if key in root else None
    return converter.convert(node, list[kind], key, origin) or []  # type: ignore[valid-type]  # (made at run time)


def _names(root: Entries, key: str, problems: list[Problem]) -> tuple[Text, ...]:
    """A list of names, each once; one name alone may stand without its dash."""
    node = root.get(Text(key), Text(""))
    nodes = [node] if isinstance(node, Text) and node else node
    origin = root.key_origin(key) if key in root else None
    names: list[Text] = []
    if isinstance(nodes, Mapping):
        problems.append(Problem(f"{key} is a list of names", origin, "write each after a dash"))
        return ()
    for name in nodes:
        if not isinstance(name, Text) or not name:
            problems.append(Problem(f"an entry of {key} is no name", place(name) or origin))
        elif name in names:
            problems.append(Problem(f"{key} has '{name}' twice", name.origin))
        else:
            names.append(name)
    return tuple(names)


def _trees(root: Entries, problems: list[Problem]) -> dict[str, str]:
    """The tree of each patch."""
    node = root.get(Text("trees"), Text(""))
    if not isinstance(node, Entries):
        if node:
            problems.append(Problem("trees needs lines of the form `TREE: [PATCH, …]`", root.key_origin("trees")))
        return {}
    found: dict[str, str] = {}
    for tree in node:
        for patch in _names(node, tree, problems):
            if patch in found:
                problems.append(Problem(f"{patch} belongs to two trees, {found[patch]} and {tree}", patch.origin))
            found[patch] = tree
    return found


def _conditions(root: Entries, converter: Converter) -> dict[str, Condition]:
    """The named conditions; each may use those before it."""
    found: dict[str, Condition] = {}
    given = converter.convert(root.get(Text("conditions"), Text("")), dict[str, str], "conditions") or {}
    for name, text in given.items():
        try:
            found[str(name)] = parse(text, found, converter.features, place(text))
        except InputError as error:
            converter.problems.extend(error.problems)
    return found


def _expectations(given: list[Expect], problems: list[Problem]) -> list[Expectation]:
    found = []
    for expect in given:
        facts = [(expect.present, True), (expect.absent, False)]
        found += [
            Expectation(fact, present, expect.on, expect.because, expect.origin) for fact, present in facts if fact
        ]
        if not expect.present and not expect.absent:
            problems.append(Problem("an expectation needs 'present' or 'absent'", expect.origin))
    return found


def _waivers(given: list[Waive], problems: list[Problem]) -> list[Waiver]:
    unreasoned = [waive for waive in given if not waive.reason.strip()]
    problems += [Problem(f"the waiver of {waive.rule} needs a reason", waive.origin) for waive in unreasoned]
    return [Waiver(waive.rule, waive.reason, waive.match, waive.origin) for waive in given]
