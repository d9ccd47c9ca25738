"""Whatever stands in a package.yaml, it is a typed error with a line of the file, or a value."""

from __future__ import annotations

import copy
from pathlib import PurePosixPath

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.components.kind import kinds
from generator.definition.convert import fields
from generator.definition.load import load
from generator.definition.model import Head, SourceText
from generator.errors import InputError
from generator.render import render
from generator.sources import Sources
from tests.definition.folders import CHANGES, SMALLEST, folder, own_folder

DOCKER = own_folder("docker")
TREE = yaml.load(DOCKER["package.yaml"].content, Loader=yaml.BaseLoader)  # noqa: S506  (text only)
KEYS = sorted({*fields(Head), *(kind.key for kind in kinds()), "remove"})

words = st.sampled_from(
    [
        *KEYS, "when", "then", "else", "because", "name", "package", "source", "file", "docker", "engine", "buildx",
        "with buildx", "option data-directory == package", "not is_opensuse", "always", "never", "1", "0", "-1",
        "0644", "true", "", "%{name}", "%{", "%", "%if 1", "%description", "a\nb", "a\\", "\u00e9\U0001f40b", "#", "/x",
        "%{docker_version}", "a b", ":", "x: y", "~", "1e3", "\t", "[", "=", "with", "(a or b)", "sles", "==",
    ]
)  # fmt: skip
texts = words | words | st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.characters(), max_size=8)
nodes = st.recursive(
    texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts.filter(bool), inner, max_size=3),
    max_leaves=8,
)


class Plainly(yaml.SafeDumper):
    """Writes a node that stands in two places twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def dumped(tree: object) -> bytes:
    return yaml.dump(tree, Dumper=Plainly, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")


def check(content: bytes, files: dict[str, SourceText]) -> None:
    files = {**files, "package.yaml": SourceText("specs/docker/package.yaml", content)}
    try:
        sources = render(load(files, lambda name: files))
    except InputError as error:
        for problem in error.problems:
            assert problem.origin is not None, problem
            assert problem.origin.path.is_relative_to(PurePosixPath("specs/docker")), problem
            if problem.origin.path.name == "package.yaml":
                assert 1 <= problem.origin.line <= content.count(b"\n") + 1, problem
            assert "object at 0x" not in str(problem)
    else:
        assert isinstance(sources, Sources)
        assert len(sources.spec.origins) == len(sources.spec.lines)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), nodes, max_size=12))
def test_random_trees(tree):
    check(dumped(tree), folder("docker", {"docker.changes": CHANGES}))


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), nodes, max_size=2))
def test_random_keys_beside_what_is_needed(tree):
    needed = yaml.load(SMALLEST, Loader=yaml.BaseLoader)  # noqa: S506  (text only)
    check(dumped({**needed, "name": "docker", **tree}), folder("docker", {"docker.changes": CHANGES}))


@st.composite
def mutated(draw):
    """docker's package.yaml with some of its nodes changed."""
    tree = copy.deepcopy(TREE)
    for _ in range(draw(st.integers(1, 3))):
        parent, key = tree, draw(st.sampled_from(list(tree)))
        while isinstance(parent[key], dict | list) and parent[key] and draw(st.integers(0, 3)):
            parent = parent[key]
            key = draw(st.sampled_from(list(parent) if isinstance(parent, dict) else range(len(parent))))
        match draw(st.integers(0, 3)):
            case 0:
                del parent[key]
            case 1:
                parent[key] = draw(nodes)
            case 2 if isinstance(parent, dict):
                parent[draw(texts.filter(bool))] = parent[key]
            case _:
                value = parent[key]
                parent[key] = [value] if isinstance(value, dict) else {draw(words.filter(bool)): value}
        if not tree:
            break
    return tree


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_random_changes_of_docker(tree):
    check(dumped(tree), DOCKER)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_random_changes_of_its_text(data):
    content = DOCKER["package.yaml"].content
    at = data.draw(st.integers(0, len(content)))
    end = at + data.draw(st.integers(0, 40))
    check(content[:at] + data.draw(texts).encode("utf-8", "surrogatepass") + content[end:], DOCKER)
