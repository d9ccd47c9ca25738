from __future__ import annotations

import json

import pytest

from .conftest import Run


def test_doctor_names_what_is_here(run: Run) -> None:
    result = run("doctor")
    assert result.code == 0
    assert {line.split()[0] for line in result.out.splitlines()} >= {"Python", "librpm", "bash", "shellcheck"}


def test_doctor_says_what_to_do_where_librpm_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECGEN_RPM_PYTHON", "/bin/false")
    result = run("doctor", "--format", "json")
    assert result.code == 3
    (librpm,) = (answer for answer in json.loads(result.out) if answer["what"] == "librpm")
    assert librpm["state"] == "missing"
    assert librpm["hint"]
