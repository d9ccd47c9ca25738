from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator import __version__
from generator.cli.commands import COMMANDS

from .conftest import ROOT, Run

SPECGEN = Path(sys.executable).parent / "specgen"


def test_help_names_every_command(run: Run) -> None:
    result = run("--help")
    assert result.code == 0
    assert all(f"\n  {name}" in result.out for name in COMMANDS)
    assert "Exit codes:" in result.out
    assert max(map(len, result.out.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.code == 0
    assert result.out.startswith("Usage: specgen")


def test_a_mistyped_command_is_told_with_the_nearest(run: Run) -> None:
    result = run("rendr")
    assert (result.code, result.out) == (2, "")
    assert "did you mean 'render'?" in result.err


def test_a_mistyped_package_is_told_with_the_nearest(run: Run) -> None:
    result = run("render", "dockr")
    assert result.code == 2
    assert "did you mean 'docker'?" in result.err


def test_a_mistyped_option_is_usage(run: Run) -> None:
    assert run("render", "docker", "--outputt", "x").code == 2


def test_a_name_that_is_a_definition_and_a_directory_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    result = run("render", "docker")
    assert result.code == 2
    assert "is a definition under" in result.err
    assert "./docker" in result.err


def test_a_path_to_a_definition_works(run: Run, tmp_path: Path) -> None:
    for name in ("specs/docker", "specs/docker/package.yaml"):
        assert run("render", ROOT / name, "-o", tmp_path / "out").code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["check", ""], 2, "the name of a package is empty"),
        (["render", "docker", "-o", ""], 2, "is empty"),
        (["check", "file"], 2, "file is a file (name the directory that it is in)"),
        (["check", "x" * 300], 3, "File name too long"),
        (["diff", "docker", "x" * 300], 3, "File name too long"),
        (["check", "docker", "--upstream", f"engine={'x' * 300}"], 3, "File name too long"),
        (["check", "links"], 2, "links: there is no spec file here"),
    ],
)
def test_what_cannot_be_a_package_is_one_line(run: Run, tmp_path: Path, words: list[str], code: int, said: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "outside").symlink_to("/etc/passwd")
    (tmp_path / "links" / ".hidden.spec").touch()
    result = run(*words)
    assert (result.code, result.out) == (code, "")
    assert said in result.err
    assert result.err.startswith("Usage:") or result.err.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"file", "links"}  # nothing was written


def test_a_message_is_never_longer_than_a_screen(run: Run, tmp_path: Path) -> None:
    given = (ROOT / "specs/docker/package.yaml").read_text()
    definition = tmp_path / "docker" / "package.yaml"
    definition.parent.mkdir()
    definition.write_text(given.replace("sles: not is_opensuse", f"sles: {'not ' * 5000}is_opensuse"))
    result = run("check", definition)
    assert result.code == 2
    assert "docker/package.yaml:21: condition 'not not" in result.err
    assert "nested too deeply" in result.err
    assert max(map(len, result.err.splitlines())) < 1000


def test_importing_generator_loads_neither_rpm_nor_osc() -> None:
    script = (
        "import sys, generator, generator.cli.main; print([m for m in ('rpm', 'osc', 'click') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_the_version() -> None:
    done = subprocess.run([SPECGEN, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"specgen {__version__}\n"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command line of a shell, in which `specgen` is ours."""
    path = f"{SPECGEN.parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
    )


@pytest.mark.parametrize(
    "command", ["--help", "render docker --help", "rules", "targets --format json", "check docker"]
)
def test_a_closed_pipe_is_no_traceback(command: str) -> None:
    for _ in range(2):  # an unchanged check is answered in another way
        done = shell(f"specgen {command} | true; echo ${{PIPESTATUS[0]}}")
        assert done.stdout in ("0\n", "141\n")
        assert done.stderr == ""


@pytest.mark.parametrize("command", ["rules", "schema", "check docker"])
def test_a_full_disk_is_said(command: str) -> None:
    for _ in range(2):
        done = shell(f"specgen {command} >/dev/full")
        assert (done.returncode, done.stderr) == (3, "error: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_traceback(closed: str) -> None:
    for command in ("check docker", "targets"):
        done = shell(f"specgen {command} {closed}")
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"FORCE_COLOR": "1"}, True)],
)
@pytest.mark.parametrize("command", ["doctor", "check docker --no-cache", "check nosuch"])
def test_colours_on_a_terminal(command: str, environment: dict[str, str], expected: bool) -> None:
    ours, its = os.openpty()
    try:
        subprocess.run(
            [SPECGEN, *command.split()],
            env={**os.environ, "NO_COLOR": "", "FORCE_COLOR": "", "TERM": "xterm", **environment},
            stdout=its,
            stderr=its,
            stdin=subprocess.DEVNULL,
            check=False,
            cwd=ROOT,
            timeout=60,
        )
        said = os.read(ours, 1 << 16)
    finally:
        os.close(ours)
        os.close(its)
    assert (b"\x1b[" in said) == expected


def test_colours_are_not_for_files(tmp_path: Path) -> None:
    assert "\x1b" not in shell("specgen doctor; specgen check nosuch").stdout
    assert "\x1b" in shell("specgen doctor", FORCE_COLOR="1").stdout


@pytest.mark.parametrize(
    ("shell", "words", "expected"),
    [
        ("bash", {"COMP_WORDS": "specgen rend", "COMP_CWORD": "1"}, "render"),
        ("bash", {"COMP_WORDS": "specgen render docker-", "COMP_CWORD": "2"}, "docker-stable"),
        ("zsh", {"COMP_WORDS": "specgen rend", "COMP_CWORD": "1"}, "render"),
        ("fish", {"COMP_WORDS": "specgen rend", "COMP_CWORD": "rend"}, "render"),
    ],
)
def test_shells_complete(shell: str, words: dict[str, str], expected: str) -> None:
    environment = {
        **os.environ,
        "_SPECGEN_COMPLETE": f"{shell}_complete",
        "SPECGEN_SPECS": str(ROOT / "specs"),
        **words,
    }
    done = subprocess.run([SPECGEN], env=environment, capture_output=True, text=True, check=False)
    assert expected in done.stdout.replace("\t", "\n").replace(",", "\n").split("\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_read_by_their_shells(run: Run, shell: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(run("completion", shell).out)
    done = subprocess.run([shell, "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
