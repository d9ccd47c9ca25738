"""Broken facts in docker's definition that are found without librpm, each at its line of package.yaml.

Those that rules and librpm find are in tests/check/test_docker.py.
"""

from __future__ import annotations

import msgspec
import pytest

from generator.definition.load import load
from generator.errors import InputError
from generator.render import render
from tests.definition.folders import own_folder

# What is broken: the text of package.yaml, what it becomes, what is said, and what the line that is to blame holds.
BROKEN = {
    "an unknown key": (
        "license: Apache-2.0\ngroup",
        "licence: Apache-2.0\ngroup",
        "did you mean 'license'?",
        "licence:",
    ),
    "an unknown key of an entry": ("    macro: cli_builddir", "    makro: cli_builddir", "'macro'?", "makro:"),
    "a patch number twice": (
        "- number: 202",
        "- number: 201",
        "patch number 201 is already that of 0004",
        "- number: 201",
    ),
    "a patch twice": (
        "0003-BUILD-SLE12-revert-graphdriver-btrfs-use-kernel-UAPI.patch\n        when",
        "0002-SECRETS-SUSE-implement-SUSE-container-secrets.patch\n        when",
        "is already patch 101",
        "- number: 200",
    ),
    "an unknown feature": (
        "when: first_sle12",
        "when: with frist_sle12",
        "unknown feature 'frist_sle12'",
        "frist_sle12",
    ),
    "a condition that is none": ("when: first_sle12", "when: first_sle12 &&", 'write "and" for "&&"', "first_sle12 &&"),
    "a named condition that is none": (
        "  first_sle12: sle_version == 120000",
        "  first_sle12: sle_version = 120000",
        'write "==" for "="',
        "first_sle12: ",
    ),
    "a mode that is none": (
        '/docker-buildx", mode: 0755',
        '/docker-buildx", mode: 0795',
        "'0795', not permission bits",
        "mode: 0795",
    ),
    "a package that does not exist": (
        "docker.socket: {source: 101}",
        "docker.socket: {source: 101, package: rootles-extras}",
        "did you mean 'rootless-extras'?",
        "rootles-extras",
    ),
    "a tree that does not exist": (
        "tree: engine",
        "tree: enigne",
        "there is no tree 'enigne' (did you mean 'engine'?)",
        "enigne",
    ),
    "a source number twice": (
        "docker.socket: {source: 101}",
        "docker.socket: {source: 100}",
        "source number 100 is already that of docker.service",
        "docker.socket",
    ),
    "a source that is missing": (
        "3: docker-rpmlintrc",
        "3: docker-rpmlint",
        "the source docker-rpmlint is nowhere",
        "3: docker-rpmlint",
    ),
    "macros that expand each other": (
        "  docker_real_version: 27.4.1",
        '  docker_real_version: "%{docker_version}"',
        "docker_real_version → docker_version → docker_real_version",
        "docker_real_version:",
    ),
    "an unknown target": ("  [sle12,", "  [sle13,", "there is no target 'sle13'", "sle13"),
    "a default that is no choice": (
        "    default: package",
        "    default: packages",
        "the default of option 'data-directory' is none of its choices",
        "default: packages",
    ),
    "a group name that is none": ("    groups: [docker]", "    groups: [Docker]", "not an account's name", "[Docker]"),
    "a range that is empty": (
        "subordinate-ids: 100000000-200000000",
        "subordinate-ids: 200000000-100000000",
        "is empty",
        "subordinate-ids",
    ),
    "a dependency on two lines": (
        "  - iproute2 >= 3.5\n",
        '  - "iproute2\\n%description"\n',
        "has several lines",
        "iproute2",
    ),
    "a macro that is not closed": (
        "archive: docker-buildx-%{buildx_version}",
        "archive: docker-buildx-%{buildx_version",
        "opens %{ without a }",
        "docker-buildx-",
    ),
    "a template that names what is not there": (
        "  storage-drivers: [",
        "  storage: [",
        "no attribute 'storage-drivers'",
        'facts["storage-drivers"]',
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_fact_leads_to_its_line(what):
    old, new, message, needle = BROKEN[what]
    files = own_folder("docker")
    text = files["package.yaml"].content.decode()
    assert old in text
    text = text.replace(old, new, 1)
    files["package.yaml"] = msgspec.structs.replace(files["package.yaml"], content=text.encode())
    with pytest.raises(InputError) as caught:
        render(load(files, own_folder))
    lines = {name: file.content.decode().splitlines() for name, file in files.items()}
    found = [problem for problem in caught.value.problems if message in str(problem)]
    assert len(found) == 1, caught.value.problems
    assert found[0].origin is not None
    blamed = lines[found[0].origin.path.name][found[0].origin.line - 1]
    assert needle in blamed, (str(found[0]), blamed)
