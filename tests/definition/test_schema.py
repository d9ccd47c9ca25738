"""The schema of definitions: what loads is valid, what is wrong is not."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from generator.components.kind import kinds
from generator.definition.convert import fields
from generator.definition.model import Head
from generator.definition.schema import schema

from .folders import SMALLEST, SPECS
from .test_documentation import EXAMPLES, GROUND

SCHEMA = schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

REAL = sorted(SPECS.glob("*/package.yaml"))


class AsOthersRead(yaml.SafeLoader):
    """YAML as an editor reads it: numbers and, as since YAML 1.2, `true` and `false` but not `on` as booleans."""


AsOthersRead.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def strings(text: str) -> Any:
    """YAML as specgen reads it: every scalar is a string."""
    return yaml.load(text, yaml.BaseLoader)  # noqa: S506  (it makes strings only)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("loader", [yaml.BaseLoader, AsOthersRead])
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.parent.name)
def test_the_projects_own_definitions_are_valid(path: Any, loader: type) -> None:
    assert [*VALIDATOR.iter_errors(yaml.load(path.read_text("utf-8"), loader))] == []  # noqa: S506  (safe ones)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.partition(":")[0])
def test_the_documented_examples_are_valid(example: str) -> None:
    whole = example.startswith(("name:", "extends:"))
    document = strings(example if whole else f"extends: ground\nname: sample\n{example}")
    assert [*VALIDATOR.iter_errors(document)] == []


def test_a_definition_that_extends_needs_little() -> None:
    assert VALIDATOR.is_valid({"extends": "docker", "name": "mine"})
    assert VALIDATOR.is_valid({"extends": "docker", "name": "mine", "trees": {"engine": {"macro": "builddir"}}})
    assert not VALIDATOR.is_valid({"extends": "docker"})
    assert not VALIDATOR.is_valid({"name": "mine"})


@pytest.mark.parametrize("key", ["name", "version", "summary", "description", "license", "targets", "trees"])
def test_what_a_definition_needs(key: str) -> None:
    document = strings(SMALLEST)
    assert VALIDATOR.is_valid(document)
    del document[key]
    assert not VALIDATOR.is_valid(document)


WRONG = {
    "an unknown key": "sumary: x",
    "a list for a scalar": "url: [a]",
    "a scalar for a map": "macros: x",
    "an empty scalar that is needed": "license: ''",
    "several lines of macro text": 'url: "a\\nb"',
    "an unknown key below": "packages: {a: {summary: x, description: y, arch: noarch, extra: z}}",
    "a choice that is none": "service: {mode: sometimes}",
    "no boolean": "units: {a.service: {rc: perhaps}}",
    "no number": "sources: {one: file}",
    "a number too large": "trees: {sample: {archive: a.tar, source: 100000}}",
    "a negative number": "trees: {sample: {archive: a.tar, patches: [{number: -1, file: a.patch}]}}",
    "a tree without an archive": "trees: {sample: {macro: builddir}}",
    "a name with a slash": "packages: {a/b: {summary: x, description: y}}",
    "a list of maps in a list of words": "exclude-arch: [{a: b}]",
    "a unit of no known type": "units: {a.servce: {}}",
    "an else without a when": "requires: [{then: a, else: b}]",
    "a group with a strange key": "requires: [{when: x, then: a, otherwise: b}]",
    "a dependency with a strange key": "requires: [{dependency: a, version: 1}]",
    "a strange dependency within a group": "requires: [{when: x, then: [{dependncy: a}]}]",
    "a condition that is a list": "requires: [{dependency: a, when: [x]}]",
    "a scriptlet that is none": "requires: [{dependency: a, for: boot}]",
    "an account with capitals": "accounts: {a: {groups: [Docker]}}",
    "a shell that is unknown": "completions: {tcsh: a}",
    "a mode that is none": "directories: {/a: {mode: 9999}}",
    "remove without extends": "remove: [url]",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_not_valid(text: str) -> None:
    assert not VALIDATOR.is_valid({**strings(SMALLEST), **strings(text)})


def test_groups_and_shorthands() -> None:
    text = """\
requires:
  - a >= 1
  - {dependency: b, for: post, when: x, because: why}
  - {when: x, because: why, then: {when: y, then: c, else: [d, {dependency: e}]}, else: f}
recommends: g
suggests:
accounts: {a: {groups: [b, {name: c, id: 480}]}}
directories: {/a: , /b: {}}
facts: {anything: [{at: all}]}
"""
    assert [*VALIDATOR.iter_errors({**strings(SMALLEST), **strings(text)})] == []


def test_every_key_has_its_place() -> None:
    known = {*fields(Head), *(kind.key for kind in kinds())}
    assert {*SCHEMA["else"]["properties"]} == known
    assert {*SCHEMA["then"]["properties"]} == known | {"remove"}
    assert all(SCHEMA["else"]["properties"][kind.key]["description"] for kind in kinds())


def test_everything_that_is_referred_to_is_there() -> None:
    def references(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
            return own.union(*(references(value) for value in node.values()))
        return set().union(*(references(value) for value in node)) if isinstance(node, list) else set()

    assert references(SCHEMA) <= {f"#/$defs/{name}" for name in SCHEMA["$defs"]}


def test_the_ground_of_the_examples_is_valid() -> None:
    assert VALIDATOR.is_valid(strings(GROUND))
