"""What a maintainer writes is little next to what is rendered from it."""

from __future__ import annotations

import subprocess

import pytest

from generator.cli.application import Application
from generator.sources import SourceFile
from tests.definition.folders import SPECS, own_folder

FOLDER = own_folder("docker")


def spec(name: str) -> SourceFile:
    return Application(SPECS).package(name).sources().spec


def test_docker_is_at_most_three_quarters_of_its_spec():
    written = [file.content for name, file in FOLDER.items() if name == "package.yaml" or name.endswith(".sh")]
    assert len(written) == 3
    assert sum(map(len, written)) <= 0.75 * len(spec("docker").content)


def test_docker_stable_is_at_most_a_fifth_of_docker():
    stable = own_folder("docker-stable")
    assert set(stable) == {"package.yaml", "docker-stable.changes"}
    assert len(stable["package.yaml"].content) <= 0.2 * len(FOLDER["package.yaml"].content)


def test_there_is_no_third_file_that_both_extend():
    folders = (FOLDER, own_folder("docker-stable"))
    lines = [line for folder in folders for line in folder["package.yaml"].text.split("\n")]
    assert [line for line in lines if line.startswith("extends:")] == ["extends: docker"]


def test_the_two_specs_differ_in_no_more_lines_than_the_real_ones(tmp_path):
    for name in ("docker", "docker-stable"):
        (tmp_path / name).write_bytes(spec(name).content)
    command = ["diff", tmp_path / "docker", tmp_path / "docker-stable"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=30).stdout
    assert 0 < sum(line.startswith(("<", ">")) for line in found.splitlines()) <= 59


@pytest.mark.parametrize("path", sorted(SPECS.glob("*/package.yaml")), ids=lambda path: path.parent.name)
def test_lines_are_short(path):
    assert [line for line in path.read_text("utf-8").splitlines() if len(line) > 100] == []
