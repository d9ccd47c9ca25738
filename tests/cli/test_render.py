from __future__ import annotations

import json
from pathlib import Path

from .conftest import ROOT, Run


def test_render_writes_the_package_and_says_so(run: Run, tmp_path: Path) -> None:
    result = run("render", "docker")
    assert result.code == 0
    assert (tmp_path / "rendered/docker/docker.spec").is_file()
    assert result.out.splitlines()[-1] == "rendered/docker: 12 written, 0 unchanged, 10 external files not here"


def test_a_second_render_writes_nothing(run: Run, tmp_path: Path) -> None:
    run("render", "docker")
    before = (tmp_path / "rendered/docker/docker.spec").stat()
    found = json.loads(run("render", "docker", "--format", "json").out)
    assert found["written"] == []
    after = (tmp_path / "rendered/docker/docker.spec").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_files_of_others_stay_and_are_named(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "rendered/docker"
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")
    result = run("render", "docker")
    assert "stays  rendered/docker/mine.txt" in result.out
    assert (folder / "mine.txt").read_text() == "mine"


def test_external_files_come_from_a_folder(run: Run, tmp_path: Path) -> None:
    supply = tmp_path / "supply"
    supply.mkdir()
    (supply / "docker-integration.sh").write_text("#!/bin/bash\n")
    result = run("render", "docker", "--sources", supply)
    assert (tmp_path / "rendered/docker/docker-integration.sh").read_text() == "#!/bin/bash\n"
    assert "9 external files not here" in result.out


def test_an_option_is_chosen(run: Run) -> None:
    assert run("render", "docker", "--set", "data-directory=tmpfiles").code == 0
    wrong = run("render", "docker", "--set", "data-directory=elsewhere")
    assert wrong.code == 2
    assert "choices: package, tmpfiles" in wrong.err
    unknown = run("render", "docker", "--set", "data-directry=tmpfiles")
    assert "did you mean 'data-directory'?" in unknown.err
    assert run("render", "docker", "--set", "data-directory").code == 2


def test_an_output_that_is_a_file_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("file", "file/below"):
        result = run("render", "docker", "-o", name)
        assert result.code == 2
        assert "is not a directory" in result.err or "is a file" in result.err


def test_the_errors_of_a_definition_are_all_told_with_their_lines(run: Run, tmp_path: Path) -> None:
    text = (ROOT / "specs/docker/package.yaml").read_text()
    folder = tmp_path / "docker-broken"
    folder.mkdir()
    broken = text.replace("summary: ", "sumary: ", 1).replace("DOCKER_OPTS, description", "DOCKER_OPTS, descripton", 1)
    (folder / "package.yaml").write_text(broken)
    result = run("render", "./docker-broken")
    assert result.code == 2
    lines = broken.splitlines()
    for typed, meant in (("sumary", "summary"), ("descripton", "description")):
        line = next(number for number, text in enumerate(lines, 1) if typed in text)
        assert f"docker-broken/package.yaml:{line}: " in result.err
        assert f"did you mean '{meant}'?" in result.err
