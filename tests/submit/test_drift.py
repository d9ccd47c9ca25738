from __future__ import annotations

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from generator.origin import Origin
from generator.sources import SourceFile
from generator.submit.drift import Hunk, drifted, explain

OURS = frozenset({"hello.spec", "hello.changes", "a.conf"})
SENT = {"hello.spec": "1", "hello.changes": "1", "a.conf": "1", "archive.tar": "1"}


def test_nothing_is_drift_where_nothing_is_known() -> None:
    assert drifted(SENT, [], OURS) == {}


def test_what_was_sent_or_seen_is_no_drift() -> None:
    assert drifted(SENT, [SENT], OURS) == {}
    seen = {**SENT, "hello.spec": "0"}
    assert drifted(seen, [SENT, seen], OURS) == {}


def test_each_kind_of_drift() -> None:
    held = {"hello.spec": "9", "hello.changes": "9", "archive.tar": "9", "theirs": "9"}
    assert drifted(held, [SENT], OURS) == {"a.conf": "removed", "hello.spec": "changed"}
    assert drifted({**SENT, "theirs": "9"}, [SENT], OURS | {"theirs"}) == {"theirs": "added"}


def test_a_file_that_was_not_there_before_may_be_absent() -> None:
    known = [SENT, {name: digest for name, digest in SENT.items() if name != "a.conf"}]
    assert drifted({name: digest for name, digest in SENT.items() if name != "a.conf"}, known, OURS) == {}


STATES = st.dictionaries(st.sampled_from(["x", "y", "z", "z.changes"]), st.sampled_from("12"), max_size=4)


@given(held=STATES, known=st.lists(STATES, max_size=3), ours=st.frozensets(st.sampled_from(["x", "y", "z.changes"])))
def test_only_ours_and_only_what_nobody_knew(held: dict[str, str], known: list, ours: frozenset[str]) -> None:
    found = drifted(held, known, ours)
    assert set(found) <= ours - {"z.changes"}
    assert drifted(held, [*known, held], ours) == {}
    for name in found:
        assert all(one.get(name) != held.get(name) for one in known)


def file(text: str) -> SourceFile:
    origins = tuple(Origin(PurePosixPath("package.yaml"), 10 + at) for at in range(text.count("\n")))
    return SourceFile("x", text.encode(), origins)


def origin(line: int) -> Origin:
    return Origin(PurePosixPath("package.yaml"), line)


def test_a_change_is_put_beside_the_line_that_it_replaces() -> None:
    found = explain("x", "changed", b"a\nb\nc\n", b"a\nB\nc\n", file("a\nb\nc\n"))
    assert found.hunks == (Hunk(2, ("b",), ("B",), origin(11)),)


def test_what_was_added_belongs_to_the_line_before() -> None:
    found = explain("x", "changed", b"a\nb\n", b"a\nnew\nb\n", file("a\nb\n"))
    assert found.hunks == (Hunk(2, (), ("new",), origin(10)),)
    found = explain("x", "changed", b"a\n", b"first\na\n", file("a\n"))
    assert found.hunks == (Hunk(1, (), ("first",), None),)


def test_the_nearest_of_equal_lines_is_meant_also_where_ours_has_moved() -> None:
    before = "same\na\nsame\nb\n"
    found = explain("x", "changed", before.encode(), b"same\na\nother\nb\n", file(before))
    assert found.hunks == (Hunk(3, ("same",), ("other",), origin(12)),)
    before = "same\n" * 3 + "x\nsame\n"
    found = explain("x", "changed", before.encode(), before.replace("x", "y").encode(), file("new\n" * 2 + before))
    assert found.hunks == (Hunk(4, ("x",), ("y",), origin(15)),)
    found = explain("x", "changed", b"a\nb\n", b"a\nc\n", file("a\nanother\n"))
    assert found.hunks == (Hunk(2, ("b",), ("c",), None),)


def test_what_is_no_text_or_lost_has_no_hunks() -> None:
    assert explain("x", "changed", None, b"a\n", file("a\n")).hunks == ()
    assert explain("x", "removed", b"a\n", None, file("a\n")).hunks == ()
    assert explain("x", "changed", b"\0", b"a\n", file("a\n")).hunks == ()
    assert explain("x", "changed", b"a\n", b"b\n", None).hunks == (Hunk(1, ("a",), ("b",), None),)


LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=8)


@given(before=LINES, now=LINES)
def test_the_hunks_tell_the_whole_difference(before: list[str], now: list[str]) -> None:
    old, new = "".join(f"{line}\n" for line in before), "".join(f"{line}\n" for line in now)
    found = explain("x", "changed", old.encode(), new.encode(), file(old))
    rebuilt = list(now)
    for hunk in reversed(found.hunks):
        assert tuple(rebuilt[hunk.line - 1 : hunk.line - 1 + len(hunk.after)]) == hunk.after
        rebuilt[hunk.line - 1 : hunk.line - 1 + len(hunk.after)] = hunk.before
        assert hunk.origin is None or file(old).lines[hunk.origin.line - 10] in (*hunk.before[:1], *before)
    assert rebuilt == before
