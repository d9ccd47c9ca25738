"""Directories: the package owns each, with its permissions, and each is there when the files are collected."""

from __future__ import annotations

import json

import pytest

from generator.librpm import Librpm
from generator.reading import Reading
from generator.sources import Sources
from generator.targets import load
from tests.components.installed import installed
from tests.definition.folders import SMALLEST, problems, rendered, spec
from tests.proof.packages import PACKAGES, defined

TARGETS = [load(name) for name in ("sle12", "sle15", "tumbleweed")]
FEATURES = "features: {own: always}\n"
BOTH = [{"own": True}, {"own": False}]


def read(librpm: Librpm, sources: Sources) -> list[Reading]:
    found = list(librpm.read(sources, TARGETS, BOTH if sources.features else [{}]).readings)
    assert found
    return found


def test_each_is_made_and_owned_with_its_permissions(librpm: Librpm) -> None:
    sources = rendered(
        SMALLEST + "directories: {/srv/a: {mode: 0710}, '%{_localstatedir}/lib/b': , /srv/sticky: {mode: 1777}}\n"
    )
    for reading in read(librpm, sources):
        (package,) = reading.packages
        assert package.files == (
            "%dir %attr(0710,root,root) /srv/a",
            "%dir /var/lib/b",
            "%dir %attr(1777,root,root) /srv/sticky",
        )
        made = installed(reading, sources)
        assert {"/srv/a", "/var/lib/b", "/srv/sticky"} <= set(made)
        assert made["/var/lib/b"][1] == 0o755  # what %dir without %attr takes over


@pytest.mark.parametrize("file", ["", ", when: with own"])
@pytest.mark.parametrize("directory", ["", ", when: with own"])
def test_it_is_made_in_every_state_though_a_file_makes_it_in_some(librpm: Librpm, directory: str, file: str) -> None:
    sources = rendered(
        SMALLEST + FEATURES + f"directories: {{/etc/x: {{mode: 0700{directory}}}}}\n"
        f"configuration: {{/etc/x/y: {{content: 1{file}}}}}\n"
    )
    for reading in read(librpm, sources):
        on = reading.features["own"]
        made = installed(reading, sources)
        lines = reading.packages[0].files
        assert ("%dir %attr(0700,root,root) /etc/x" in lines) == (on or not directory)
        assert ("%config(noreplace) /etc/x/y" in lines) == ("/etc/x/y" in made) == (on or not file)
        assert ("/etc/x" in made) == (on or not directory or not file)


@pytest.mark.parametrize("file", ["", "configuration: {/etc/x/y: {content: 1}}\n"])
def test_the_reason_is_said_once(file: str) -> None:
    """Over the command that makes the directory; in %files, where a file's command makes it as well."""
    text = spec(SMALLEST + "directories: {/etc/x: {because: Plugins look here.}}\n" + file)
    assert text.count("# Plugins look here.\n") == 1
    assert f"# Plugins look here.\n{'%dir ' if file else 'install -d %{buildroot}'}/etc/x\n" in text


def test_one_of_a_subpackage_belongs_to_it_alone(librpm: Librpm) -> None:
    text = SMALLEST + (
        "packages: {sub: {summary: a, description: b}}\ndirectories: {/srv/own: , /srv/sub: {package: sub}}\n"
    )
    for reading in read(librpm, rendered(text)):
        assert [package.files for package in reading.packages] == [("%dir /srv/own",), ("%dir /srv/sub",)]


@pytest.mark.parametrize("name", PACKAGES)
def test_both_flavours_own_where_docker_keeps_its_things(librpm: Librpm, name: str) -> None:
    owned = {f"%dir {path}" for path in ("/etc/docker", "/usr/lib/docker", "/usr/lib/docker/cli-plugins")}
    for reading in librpm.read(defined(name).sources(), TARGETS).readings:
        assert {*owned, "%dir /var/lib/docker"} <= set(reading.packages[0].files)


@pytest.mark.parametrize("mode", ["9", "0999", "rwxr-xr-x", "0o755", "00755", "-1"])
def test_permissions_that_are_none_are_refused(mode: str) -> None:
    ((line, said),) = problems(f"{SMALLEST}directories:\n  /srv/x: {{mode: {json.dumps(mode)}}}\n")
    assert line == 10
    assert "permission bits such as 0644" in said


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("directories:\n  srv/x:\n", 10, "a path that begins with / or a macro"),
        ("directories:\n  /srv/x: {owner: me}\n", 10, "directories./srv/x has no key 'owner'"),
        ("directories:\n  /srv/x:\n    mdoe: 0700\n", 11, "did you mean 'mode'?"),
        ("directories:\n  /srv/x: {package: sub}\n", 10, "there is no package 'sub'"),
        ("directories: [/srv/x]\n", 9, "directories is a map of names to values"),
    ],
)
def test_errors(text: str, line: int, said: str) -> None:
    ((at, message),) = problems(SMALLEST + text)
    assert at == line
    assert said in message
