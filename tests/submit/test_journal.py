from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.errors import RefusalError
from generator.submit.journal import Journal, Sent, packages, state_folder

TO = ("https://obs.example.org", "devel:tools", "hello")


def sent(project: str = "devel:tools", **more: object) -> Sent:
    return Sent(TO[0], project, "hello", {"a": "0"}, {"a": "1"}, **more)


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SPECGEN_STATE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert state_folder() == tmp_path / ".local" / "state" / "specgen"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert state_folder() == tmp_path / "xdg" / "specgen"
    monkeypatch.setenv("SPECGEN_STATE", str(tmp_path / "own"))
    assert state_folder() == tmp_path / "own"
    assert packages() == []


def test_nothing_is_remembered_at_first(tmp_path: Path) -> None:
    journal = Journal("hello", tmp_path)
    assert (journal.lines(), journal.submissions(), journal.last(*TO), journal.unfinished(*TO)) == ([], [], None, [])


def test_the_last_submission_to_each_place(tmp_path: Path) -> None:
    journal = Journal("hello", tmp_path)
    for project, request in (("one", 1), ("two", 2), ("one", 3)):
        journal.finish(sent(project, request=request))
    assert journal.last(TO[0], "one", "hello").request == 3
    assert journal.last(TO[0], "two", "hello").request == 2
    assert journal.last("https://elsewhere.example.org", "two", "hello") is None
    assert [one.request for one in journal.submissions()] == [1, 2, 3]
    assert all(one.at.endswith("Z") for one in journal.submissions())
    assert packages(tmp_path) == ["hello"]


def test_a_run_that_did_not_come_to_its_end(tmp_path: Path) -> None:
    first, second = Journal("hello", tmp_path), Journal("hello", tmp_path)
    first.write(phase="before", step="commit", to=list(TO))
    assert [line["step"] for line in second.unfinished(*TO)] == ["commit"]
    assert second.unfinished(TO[0], "another", "hello") == []
    second.write(phase="before", step="request", to=list(TO))
    assert [line["step"] for line in Journal("hello", tmp_path).unfinished(*TO)] == ["request"]
    second.finish(sent())
    assert Journal("hello", tmp_path).unfinished(*TO) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(min_value=0, max_value=400), words=st.text(max_size=20))
def test_a_line_that_was_cut_off_loses_itself_alone(tmp_path: Path, cut: int, words: str) -> None:
    journal = Journal("hello", tmp_path)
    journal.path.unlink(missing_ok=True)
    journal.write(step="one", words=words)
    whole = journal.path.stat().st_size
    journal.write(step="two", words=words)
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[: whole + min(cut, len(content) - whole)])
    journal.write(step="three", words=words)
    steps = [line["step"] for line in journal.lines()]
    assert steps in (["one", "three"], ["one", "two", "three"])
    assert all(line["words"] == words for line in journal.lines())


def test_what_is_no_line_is_left_out(tmp_path: Path) -> None:
    journal = Journal("hello", tmp_path)
    journal.write(step="one")
    with journal.path.open("ab") as file:
        file.write(b"[1]\n\xff\xfe\nnull\n\n")
    journal.write(step="two")
    assert [line["step"] for line in journal.lines()] == ["one", "two"]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_bytes_are_kept(tmp_path: Path, content: bytes) -> None:
    journal = Journal("hello", tmp_path)
    name = journal.keep(content)
    assert journal.keep(content) == name
    assert Journal("other", tmp_path).kept(name) == content
    assert journal.kept("0" * 64) is None
    assert journal.kept("") is None


def test_only_its_owner_can_look_into_it(tmp_path: Path) -> None:
    journal = Journal("hello", tmp_path / "state")
    journal.write(step="one")
    journal.keep(b"x")
    for folder in ("submissions", "bytes/2d"):
        assert stat.S_IMODE((tmp_path / "state" / folder).stat().st_mode) & 0o077 == 0, folder


def test_one_run_at_a_time_and_one_after_the_other(tmp_path: Path) -> None:
    import os

    with (
        Journal("hello", tmp_path).lock(),
        pytest.raises(RefusalError, match=rf"another run \(process {os.getpid()}\) is submitting hello"),
        Journal("hello", tmp_path).lock(),
    ):
        pytest.fail("both got in")
    with Journal("hello", tmp_path).lock(), Journal("other", tmp_path).lock():
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with (
        pytest.raises(RefusalError, match=r"submissions cannot be remembered: .*Not a directory.*SPECGEN_STATE"),
        Journal("hello", tmp_path / "state").lock(),
    ):
        pytest.fail("it got in")
