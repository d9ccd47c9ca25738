from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generator.submit.history import merge_changes
from tests.submit.hello import OLD, entry

ONE, TWO, THREE = (entry(day, f"Number {day}") for day in (1, 2, 3))


def merged(ours: str, theirs: str, **more: bool) -> tuple[str, list[str], list[str]]:
    found = merge_changes("x.changes", ours.encode(), theirs.encode(), **more)
    return found.content.decode(), [one.body for one in found.new], [one.body for one in found.kept]


def test_new_entries_go_on_top() -> None:
    assert merged(THREE + TWO + ONE + OLD, ONE + OLD) == (THREE + TWO + ONE + OLD, ["- Number 3", "- Number 2"], [])


def test_entries_that_only_the_server_has_stay_and_are_shown() -> None:
    assert merged(THREE + ONE + OLD, TWO + ONE + OLD) == (THREE + TWO + ONE + OLD, ["- Number 3"], ["- Number 2"])


def test_a_codestream_gets_all_that_it_lacks() -> None:
    assert merged(THREE + TWO + OLD, ONE + OLD) == (
        THREE + TWO + ONE + OLD,
        ["- Number 3", "- Number 2"],
        ["- Number 1"],
    )


def test_a_file_with_nothing_in_common_goes_on_top() -> None:
    assert merged(TWO, ONE + OLD) == (TWO + ONE + OLD, ["- Number 2"], [])


def test_an_older_entry_that_the_server_lacks_is_not_sent() -> None:
    found = merge_changes("x.changes", (TWO + ONE + OLD).encode(), (TWO + OLD).encode())
    assert found.content == (TWO + OLD).encode()
    assert [one.body for one in found.older] == ["- Number 1"]


def test_another_wording_is_shown_and_wins_only_where_asked_for() -> None:
    ours, theirs = TWO + entry(1, "Number 1 (bsc#9)") + OLD, ONE + OLD
    found = merge_changes("x.changes", ours.encode(), theirs.encode())
    assert found.content == (TWO + ONE + OLD).encode()
    assert [(a.body, b.body) for a, b in found.rewritten] == [("- Number 1 (bsc#9)", "- Number 1")]
    assert merge_changes("x.changes", ours.encode(), theirs.encode(), rewrite=True).content == ours.encode()


def test_an_entry_without_its_blank_line_and_a_server_without_a_separator() -> None:
    ours = TWO.rstrip("\n")
    theirs = OLD.partition("\n")[2]
    found = merge_changes("x.changes", ours.encode(), theirs.encode())
    assert found.content.endswith(theirs.encode())
    assert found.content.decode() == TWO + OLD


PARTS = st.lists(st.sampled_from([entry(day, f"{day}") for day in range(1, 9)] + [OLD]), max_size=6, unique=True)
NOISE = st.binary(max_size=60)


@given(PARTS, PARTS, NOISE)
def test_the_servers_bytes_are_always_the_end(ours: list[str], theirs: list[str], noise: bytes) -> None:
    held = "".join(theirs).encode() + noise
    mine = "".join(ours).encode()
    found = merge_changes("x.changes", mine, held)
    if held.strip():
        assert found.content.endswith(held)
    again = merge_changes("x.changes", mine, found.content)
    assert again.content == found.content, "a second merge changes nothing"
    assert all(one.raw.rstrip() in found.content for one in found.new)
