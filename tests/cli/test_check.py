"""`specgen check` and `specgen rules`, as a person calls them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.cli.application import main
from generator.errors import RefusalError
from generator.librpm import Librpm

SPEC = """\
# Copyright (c) 2025 SUSE LLC and contributors
# The license for this file is the MIT License.
Name: demo
Version: 1
Release: 0
Summary: A demonstration
License: MIT
%description
A demonstration.
%files
%changelog
"""
CHANGES = f"{'-' * 67}\nFri Jan 31 10:00:00 UTC 2025 - A Packager <a@example.org>\n\n- First\n\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module", autouse=True)
def librpm() -> None:
    """Fail in CI, skip on a developer's machine without librpm or bubblewrap."""
    with Librpm.start() as reader:
        try:
            reader.greet()
            lacking = reader.no_sandbox
        except RefusalError as error:
            lacking = str(error)
    if lacking and os.environ.get("CI"):
        pytest.fail(lacking)
    if lacking:
        pytest.skip(lacking)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["check", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "demo.spec").write_text(SPEC)
    (folder / "demo.changes").write_text(CHANGES)
    return folder


def test_docker_has_no_error_on_any_target(run: Run) -> None:
    code, out, err = run("docker")
    assert (code, err) == (0, "")
    assert "what holds where" in out
    assert out.endswith("(all 10 targets)\n")
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out


def test_a_directory_without_a_definition(run: Run, demo: Path) -> None:
    code, out, _ = run(str(demo), "--target", "sle15", "--no-table")
    assert (code, out) == (0, "demo: nothing to say (sle15)\n")


def test_macros_may_come_through_a_pipe(run: Run, demo: Path) -> None:
    (demo / "demo.spec").write_text(SPEC.replace("License: MIT\n", "License: MIT\n%{?mine:Colour: red}\n"))
    receiving, sending = os.pipe()
    os.write(sending, b"%mine 1\n")
    os.close(sending)
    code, out, _ = run(str(demo), "--target", "sle15", "--no-table", "--macros", f"/dev/fd/{receiving}")
    os.close(receiving)
    assert code == 1
    assert "error: Unknown tag: %{?mine" in out


def test_an_unknown_target_beside_the_spec_has_its_line(run: Run, demo: Path) -> None:
    (demo / ".specgen.yaml").write_text("# where it goes\ntargets:\n- sle15\n- tumbelweed\n")
    code, _, err = run(str(demo))
    assert code == 2
    assert f"{demo}/.specgen.yaml:4: unknown target 'tumbelweed' (did you mean 'tumbleweed'?)" in err


def test_errors_and_with_strict_warnings_are_exit_code_1(run: Run, demo: Path) -> None:
    (demo / "demo.spec").write_text(SPEC.replace("Release: 0", "Release: 1"))
    assert run(str(demo))[0] == 0
    assert run(str(demo), "--strict")[0] == 1
    (demo / "demo.spec").write_text(SPEC.replace("MIT\n%desc", "Nobody's\n%desc"))
    code, out, _ = run(str(demo))
    assert code == 1
    assert f'{demo}/demo.spec\n  7: error: "Nobody\'s" is no SPDX licence' in out


def test_several_packages_come_in_the_order_they_were_named(run: Run, demo: Path) -> None:
    code, out, _ = run(str(demo), "docker-stable", "docker", "--target", "sle15")
    assert code == 0
    assert [line.split(":")[0] for line in out.splitlines() if line.endswith("(sle15)")] == [
        "demo",
        "docker-stable",
        "docker",
    ]
    assert "what holds where" not in out


@pytest.mark.parametrize("kind", ["json", "sarif"])
def test_documents(run: Run, demo: Path, kind: str) -> None:
    (demo / "demo.spec").write_text(SPEC.replace("Release: 0", "Release: 1"))
    code, out, _ = run(str(demo), "docker", "--format", kind, "--target", "sle15")
    document = json.loads(out)
    assert code == 0
    if kind == "json":
        assert [package["package"] for package in document["packages"]] == ["demo", "docker"]
        assert document["packages"][0]["findings"][0]["file"] == f"{demo}/demo.spec"
    else:
        place = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        assert place == {"artifactLocation": {"uri": f"{demo}/demo.spec"}, "region": {"startLine": 5}}


def test_macros_and_profiles_of_ones_own(run: Run, demo: Path) -> None:
    (demo / "demo.spec").write_text(SPEC.replace("%files\n", "%install\n%our_macro\n%files\n"))
    assert "no target knows %our_macro" in run(str(demo), "--target", "sle15")[1]
    macros = demo.parent / "ours.macros"
    macros.write_text("%our_macro true\n")
    assert "our_macro" not in run(str(demo), "--target", "sle15", "--macros", str(macros))[1]
    profile = demo.parent / "mine.toml"
    profile.write_text(
        'extends = ["sle15"]\ntitle = "Mine"\n[[values]]\nsource = "me"\nmacros = {our_macro = "true"}\n'
    )
    code, out, err = run(str(demo), "--target", str(profile))
    assert (code, err) == (0, "")
    assert "our_macro" not in out


def test_what_is_typed_wrongly(run: Run, demo: Path) -> None:
    for arguments, words in (
        (("dokcer",), "there is no package 'dokcer'"),
        ((str(demo), "--target", "sle51"), "unknown target 'sle51'"),
        ((str(demo), "--set", "a=b"), "--set is for definitions"),
        ((str(demo.parent),), "there is no spec file here"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert words in err


def test_a_waiver_beside_the_spec(run: Run, demo: Path) -> None:
    (demo / "demo.spec").write_text(SPEC.replace("Release: 0", "Release: 1"))
    (demo / ".specgen.yaml").write_text("waive:\n  - {rule: release-not-zero, reason: counted by hand}\n")
    assert run(str(demo), "--strict")[0] == 0
    (demo / ".specgen.yaml").write_text("waive:\n  - {rule: header-vendor, reason: none}\n")
    out = run(str(demo), "--no-table")[1]
    assert f"{demo}/.specgen.yaml\n  2: note: the waiver of header-vendor matches nothing [waiver-unused]" in out


def test_the_list_of_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    assert "patch-not-applied" in capsys.readouterr().out
    assert main(["rules", "patch-not-applied"]) == 0
    assert "source_validator" in capsys.readouterr().out
    assert main(["rules", "--format", "json"]) == 0
    assert all(rule["reason"] and rule["source"] and rule["example"] for rule in json.loads(capsys.readouterr().out))
    assert main(["rules", "patch-not-aplied"]) == 2
    assert "did you mean patch-not-applied?" in capsys.readouterr().err
