from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from generator.cli.application import main

ROOT = Path(__file__).parent.parent.parent


class Result(NamedTuple):
    """What a command line gave."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command line in an empty directory, with the project's own definitions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPECGEN_SPECS", str(ROOT / "specs"))

    def go(*arguments: str | Path) -> Result:
        code = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Result(code, captured.out, captured.err)

    return go
