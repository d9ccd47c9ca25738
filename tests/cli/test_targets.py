from __future__ import annotations

import json
from pathlib import Path

from .conftest import Run


def test_the_table_fits_in_eighty_columns(run: Run) -> None:
    result = run("targets")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0].split() == ["target", "suse_version", "sle_version", "is_opensuse", "rpm", "title"]
    assert lines[3].split() == ["sle15", "1500", "150000", "-", "4.14.3", "SLE", "15", "codestream"]
    assert len(lines) == 12
    assert max(map(len, lines)) <= 80


def test_a_target_shows_its_values_with_their_sources(run: Run) -> None:
    result = run("targets", "sle12", "leap16.1")
    assert result.code == 0
    first, second = result.out.split("\n\n")
    lines = first.splitlines()
    assert lines[0] == "sle12: SLE 12 codestream, rpm 4.11.2, x86_64"
    assert "  weak dependencies (Recommends, Suggests, Supplements, Enhances)" in lines
    assert lines.index("its rpm does not read:") < lines.index("  boolean dependencies, as in (a or b)")
    source = lines.index("from openSUSE/obs-build configs/sles12.conf, state of 2026-07:")
    assert "  suse_version 1315" in lines[source : source + 10]
    assert "  _fillupdir is not defined" in lines
    assert "      disputed: 1610 by other sources" in second.splitlines()


def test_json(run: Run) -> None:
    every = json.loads(run("targets", "--format", "json").out)
    assert [target["name"] for target in every][:2] == ["sle12", "sle12sp5"]
    assert every[0]["sle_version"] == "120000"
    assert every[0]["is_opensuse"] is None
    assert "values" not in every[0]
    (one,) = json.loads(run("targets", "sle12", "--format", "json").out)
    rows = {row["macro"]: row for row in one["values"]}
    assert rows["suse_version"]["value"] == "1315"
    assert rows["service_add_pre"]["value"] == ": macro service_add_pre %{**}"
    assert not rows["_fillupdir"]["defined"]
    assert all(row["source"] for row in one["values"])


def test_a_profile_and_a_macro_file_of_ones_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('extends = "tumbleweed"\n[macros]\nours = "1"\n')
    (tmp_path / "more.macros").write_text("%suse_version 1800\n")
    result = run("targets", "./mine.toml", "--macros", "more.macros")
    assert "from mine.toml:\n  ours 1\n" in result.out
    assert "from more.macros:\n  suse_version 1800\n" in result.out


def test_an_unknown_target_is_an_error_with_the_nearest(run: Run) -> None:
    result = run("targets", "sle51")
    assert result.code == 2
    assert "unknown target 'sle51' (did you mean 'sle15'?)" in result.err
