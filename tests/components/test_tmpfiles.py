from __future__ import annotations

import pytest

from generator.librpm import Librpm
from generator.reading import Reading
from generator.targets import load
from tests.definition.folders import SMALLEST, problems
from tests.proof.packages import defined


def _readings() -> dict[str, Reading]:
    sources = defined("docker", {"data-directory": "tmpfiles"}).sources()
    with Librpm.start() as librpm:
        view = librpm.read(sources, [load("sle12"), load("sle15")])
    return {reading.target: reading for reading in view.readings}


def test_the_directory_is_made_by_tmpfiles_where_the_condition_holds() -> None:
    found = _readings()
    old, new = found["sle12"].packages[0], found["sle15"].packages[0]
    assert "%dir /var/lib/docker" in old.files
    assert not any("tmpfiles.d" in line for line in old.files)
    assert "%dir /var/lib/docker" not in new.files
    assert {"/usr/lib/tmpfiles.d/docker.conf", "%ghost %attr(0750,root,root) /var/lib/docker"} <= set(new.files)
    assert "tmpfiles_create" in new.scriptlets["post"].text
    assert "tmpfiles_create" not in old.scriptlets["post"].text


def test_the_source_is_declared_on_every_target() -> None:
    for reading in _readings().values():
        assert (170, "docker.tmpfiles") in {(source.number, source.name) for source in reading.sources}


def test_the_file_says_path_mode_and_owner() -> None:
    file = defined("docker", {"data-directory": "tmpfiles"}).sources().files["docker.tmpfiles"]
    assert file.lines[1:] == ("d /var/lib/docker 0750 root root -",)


def test_without_the_option_nothing_of_it_is_there() -> None:
    sources = defined("docker", {}).sources()
    assert "docker.tmpfiles" not in sources.files
    assert "tmpfiles" not in sources.spec.text


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("a/b: {directories: [{path: /x}]}", "the name of a file"),
        ("a: {directories: [{path: x}]}", "an absolute path without macros"),
        ('a: {directories: [{path: "%{_localstatedir}/x"}]}', "an absolute path without macros"),
        ('a: {directories: [{path: "/var/lib/a b"}]}', "an absolute path without macros"),
        ("a: {directories: [{path: /x, user: a b}]}", "an account's name"),
        ("a: {directories: [{path: /x, group: a:b}]}", "an account's name"),
        ("a: {directories: [{path: /x}], source: -1}", "whole number"),
    ],
)
def test_what_systemd_could_not_read_is_refused(entry: str, said: str) -> None:
    ((line, message),) = problems(f"{SMALLEST}tmpfiles:\n  {entry}\n")
    assert line == 10
    assert said in message
