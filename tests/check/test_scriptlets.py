from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.check import scriptlets
from generator.check.scriptlets import Linters, Script, lint
from generator.errors import RefusalError


def codes(*texts: str) -> list[tuple[int, int, str]]:
    return [(found.script, found.line, found.code) for found in lint([Script("/bin/sh", text) for text in texts])()]


def test_good_scripts_have_no_complaint() -> None:
    assert codes("getent group docker >/dev/null || groupadd -r docker\n", "", "# /a comment first\ntrue\n") == []


def test_nothing_is_started_for_no_scripts() -> None:
    assert lint([])() == ()


WORD = st.text("abcfidoneXYZ0189_.@:/+-", min_size=1, max_size=12) | st.sampled_from(
    ["-n", "+", "1@2", "cd", "exit", "test"]
)
PLAIN = WORD.filter(lambda word: word not in scriptlets._RESERVED)
CALLS = st.lists(PLAIN, min_size=1, max_size=4).map(lambda words: f": macro {' '.join(words)}\n")


def test_calls_of_macros_are_for_no_linter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls, other = ": macro service_add_post docker.service\n\n: macro fillup_only -n docker", "rm -rf $1/x\n"
    assert codes(calls, other, calls) == [(1, 1, "SC2086")]
    assert codes(": macro fillup_only $1\n") == [(0, 1, "SC2086")]
    assert codes(": macro fillup_only fi\n") == [(0, 1, "SC1010")]
    monkeypatch.setattr(scriptlets.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert codes(calls) == []


@settings(max_examples=5, deadline=None)
@given(st.lists(CALLS, min_size=20, max_size=40))
def test_what_is_kept_from_the_linters_gives_no_complaint(texts: list[str]) -> None:
    assert all(scriptlets._is_calls(text) for text in texts)
    assert codes("true\n" + "".join(texts)) == []


def test_the_line_of_a_complaint_is_that_of_the_scriptlet() -> None:
    assert codes("true\nrm -rf $1/x\n") == [(0, 2, "SC2086")]


def test_bash_reads_each_script_alone() -> None:
    assert [found for found in codes("if true; then\n  echo a\n", "echo b\n", "fi\n") if found[2] == "bash"] == [
        (0, 2, "bash"),
        (2, 1, "bash"),
    ]


def test_a_quote_that_another_script_would_close() -> None:
    assert {found[0] for found in codes("echo 'a\n", "echo b'\n") if found[2] == "bash"} == {0, 1}


def test_bash_is_meant_whatever_the_interpreter() -> None:
    assert codes('[[ $1 == 1 ]] && echo "${1^^}"\n') == []


def test_sourced_files_are_not_looked_for() -> None:
    assert codes(". /etc/sysconfig/docker\n") == []


def test_no_script_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    codes(f"touch {mark}\n", "fi\n", f"}}; touch {mark}; {{\n", f"$(touch {mark})\n")
    assert not mark.exists()


def test_no_descriptor_is_left_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    codes("true\n", "if\n")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_missing_linter_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scriptlets.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RefusalError, match="shellcheck is missing"):
        lint([Script("/bin/sh", "true")])


SCRIPTS = [
    Script("/bin/sh", text)
    for text in ("rm -rf $1/x\n", "true\n", "if true; then\n  echo a\n", "fi\n", "echo 'a\n", "cd $2\nls $3\n")
]


@pytest.mark.parametrize("ahead", [(), (0,), (5, 3), (2,), (0, 1, 2, 3, 4, 5), (1,)])
def test_linters_that_begin_early_say_the_same(ahead: tuple[int, ...]) -> None:
    linters = Linters()
    linters.begin(SCRIPTS[number] for number in ahead)
    assert linters(SCRIPTS)() == lint(SCRIPTS)()


def test_linters_read_no_script_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Script] = []
    monkeypatch.setattr(scriptlets, "lint", lambda scripts: seen.extend(scripts) or lint(scripts))
    linters = Linters()
    linters.begin(SCRIPTS[:2])
    linters.begin(SCRIPTS[1:3])
    linters(SCRIPTS[2:])()
    assert seen == SCRIPTS


def test_a_script_that_no_other_target_has_is_left_out() -> None:
    linters = Linters()
    linters.begin(SCRIPTS[:1])
    assert linters(SCRIPTS[1:2])() == ()
