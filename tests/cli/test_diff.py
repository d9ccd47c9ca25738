from __future__ import annotations

import json
from pathlib import Path

from .conftest import Run

SPEC = """Name: sample
Version: 1
Release: 0
Summary: A sample
License: MIT
{more}
%description
Prose.

%files
"""


def package(folder: Path, more: str = "") -> Path:
    folder.mkdir()
    (folder / "sample.spec").write_text(SPEC.format(more=more))
    return folder


def test_equal_packages_exit_0(run: Run, tmp_path: Path) -> None:
    result = run("diff", package(tmp_path / "a"), package(tmp_path / "b"), "--target", "sle15")
    assert (result.code, result.err) == (0, "")
    assert "are the same" in result.out


def test_a_difference_of_text_alone_exits_0(run: Run, tmp_path: Path) -> None:
    result = run("diff", package(tmp_path / "a"), package(tmp_path / "b", "# why"), "--target", "sle15")
    assert result.code == 0
    assert "+# why" in result.out
    assert "differ in text only" in result.out


def test_a_difference_in_meaning_exits_1_and_names_its_targets(run: Run, tmp_path: Path) -> None:
    more = "%if 0%{?is_opensuse}\nRequires: other\n%endif"
    old, new = package(tmp_path / "a"), package(tmp_path / "b", more)
    result = run("diff", old, new, "--target", "sle15", "--target", "tumbleweed", "--no-text")
    assert result.code == 1
    assert "+ requires: other" in result.out
    assert "on tumbleweed" in result.out
    found = json.loads(run("diff", old, new, "--target", "sle15", "--target", "tumbleweed", "--format", "json").out)
    assert [(one["new"], one["targets"]) for one in found["meaning"]] == [("other", ["tumbleweed"])]


def test_a_side_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    result = run("diff", package(tmp_path / "a"), "nowhere")
    assert result.code == 2
    assert "nowhere" in result.err
