"""A built wheel works where there is no checkout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path, codes: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode in codes, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an empty environment into which the wheel was installed."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("obs_specgen-*.whl")
    run(sys.executable, "-m", "venv", folder / "env", cwd=folder)
    run(folder / "env/bin/python", "-m", "pip", "install", "-qq", "--disable-pip-version-check", wheel, cwd=folder)
    return folder / "env" / "bin"


def test_an_installed_wheel_renders_docker(installed: Path, tmp_path: Path) -> None:
    run(installed / "specgen", "render", "docker", "-o", "out", cwd=tmp_path)
    here = tmp_path / "here"
    run(Path(sys.executable).parent / "specgen", "render", "docker", "-o", here, cwd=ROOT)
    names = sorted(path.name for path in here.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "out").iterdir())
    assert all((here / name).read_bytes() == (tmp_path / "out" / name).read_bytes() for name in names)


def test_an_installed_wheel_checks_docker(installed: Path, tmp_path: Path) -> None:
    found = json.loads(run(installed / "specgen", "check", "docker", "--format", "json", cwd=tmp_path))
    (package,) = found["packages"]
    assert [finding for finding in package["findings"] if finding["severity"] == "error"] == []


def test_an_installed_wheel_knows_its_version(installed: Path, tmp_path: Path) -> None:
    from generator import __version__

    assert run(installed / "specgen", "--version", cwd=tmp_path) == f"specgen {__version__}\n"
