"""Markers survive the shell, and are read back as the calls they stand for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.targets.calls import Call, calls, marker


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            ": macro service_add_pre docker.service docker.socket",
            [("service_add_pre", "docker.service docker.socket", 1)],
        ),
        ("set -e\n  : macro fillup_only -n docker || :\n", [("fillup_only", "-n docker", 2)]),
        ("if [ $1 = 0 ]; then : macro stop_on_removal foo; fi", [("stop_on_removal", "foo", 1)]),
        (": macro a; : macro b x", [("a", "", 1), ("b", "x", 1)]),
        (": macro run 'a; b' \"c & d\" && echo", [("run", "'a; b' \"c & d\"", 1)]),
        ("echo no: macro here", []),
        ("", []),
    ],
)
def test_calls_are_read(text: str, found: list[tuple[str, str, int]]) -> None:
    assert list(calls(text)) == [Call(*one) for one in found]


def test_words_are_arguments_without_options() -> None:
    assert Call("fillup_only", "-n docker", 1).words == ("docker",)


@given(
    st.lists(st.from_regex(r"[\w./@%-]+", fullmatch=True), max_size=4), st.sampled_from(["", "; :", " || :", " && :"])
)
def test_a_marker_is_its_call(arguments: list[str], after: str) -> None:
    text = marker("service_add_pre", " ".join(arguments)) + after
    (found,) = calls(f"true\n  {text}\n")
    assert (found.name, found.arguments, found.line) == ("service_add_pre", " ".join(arguments), 2)


def test_bash_and_shellcheck_are_quiet() -> None:
    script = f"""#!/bin/bash
{marker("service_add_pre", "docker.service docker.socket")}
if [ "$1" -eq 0 ]; then {marker("stop_on_removal", "foo")}; fi
{marker("fillup_only", "-n docker")} || :
"""
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    shellcheck = str(Path(sys.executable).parent / "shellcheck")
    checked = subprocess.run([shellcheck, "-s", "bash", "-"], input=script, text=True, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout
    ran = subprocess.run(["bash", "-e"], input=script, text=True, capture_output=True, check=True)
    assert not ran.stdout
