"""The merge: ours, and of the server's all that is not ours to change; without any server."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import InputError, RefusalError
from generator.origin import Origin
from generator.sources import External, SourceFile, Sources
from generator.sources.changes import Changes
from generator.submit.merge import Merged, merge
from tests.submit.hello import OLD, entry, spec

HELD = {"hello.spec": spec(), "hello.changes": OLD, "hello-1.tar": "archive", "README": "a stranger\n"}


def sources(files: Mapping[str, str | bytes], *externals: str) -> Sources:
    held = {name: SourceFile(name, one.encode() if isinstance(one, str) else one) for name, one in files.items()}
    return Sources("hello", held, tuple(External(name) for name in externals))


def server(files: Mapping[str, str | bytes] = HELD) -> Sources:
    """As `fetch` gives it: archives are not read."""
    archives = [name for name in files if name.endswith(".tar")]
    return sources({name: one for name, one in files.items() if name not in archives}, *archives)


def contents(found: Merged) -> dict[str, str]:
    return {name: file.content.decode() for name, file in found.sources.files.items()}


OURS = {"hello.spec": spec("1", "# ours"), "hello.changes": entry(1, "Change") + OLD}


def test_ours_wins_and_the_rest_stays() -> None:
    found = merge(sources(OURS, "hello-1.tar"), server())
    assert contents(found) == {**OURS, "README": "a stranger\n"}
    assert [one.name for one in found.sources.externals] == ["hello-1.tar"]
    assert (found.removed, found.missing, found.strangers, found.supplied) == ({}, (), ("README",), frozenset())
    assert [one.body for one in found.new_entries] == ["- Change"]


def test_a_package_that_is_new() -> None:
    found = merge(sources(OURS, "hello-1.tar", "b.tar"), None, supply=frozenset({"hello-1.tar"}))
    assert contents(found) == OURS
    assert (found.sources.externals, found.supplied, found.missing) == ((), {"hello-1.tar"}, ("b.tar",))
    assert len(found.new_entries) == 2


def test_an_external_file_that_the_server_lacks_is_supplied_or_missing() -> None:
    ours = sources(OURS, "hello-1.tar", "new.tar")
    assert merge(ours, server(), supply=frozenset({"new.tar", "hello-1.tar"})).supplied == {"new.tar"}
    assert merge(ours, server()).missing == ("new.tar",)


def test_an_external_file_that_is_text_keeps_the_servers_bytes() -> None:
    found = merge(sources(OURS, "README"), server())
    assert contents(found)["README"] == "a stranger\n"
    assert found.strangers == ()  # the spec declares the archive


def test_what_is_removed_and_why() -> None:
    later = {**OURS, "hello.spec": spec("2")}
    found = merge(sources(later, "hello-2.tar"), server(), supply=frozenset({"hello-2.tar"}))
    assert found.removed == {"hello-1.tar": "declared no more"}
    found = merge(sources(OURS, "hello-1.tar"), server({**HELD, "extra": "x"}), sent=frozenset({"extra", "gone"}))
    assert found.removed == {"extra": "specgen sent it before"}
    assert found.strangers == ("README",)


def test_a_file_whose_name_cannot_be_read_stays() -> None:
    held = {**HELD, "hello.spec": spec("1", "Source5: %{unknown}.conf"), "made.conf": "x"}
    assert "made.conf" in merge(sources(OURS, "hello-1.tar"), server(held)).strangers


def test_what_was_sent_and_is_declared_stays() -> None:
    ours = {**OURS, "hello.spec": spec("1", "Source1: a.conf")}
    found = merge(sources(ours, "hello-1.tar"), server({**HELD, "a.conf": "x"}), sent=frozenset({"a.conf"}))
    assert found.removed == {}
    assert contents(found)["a.conf"] == "x"


def test_an_empty_history_does_not_replace_one() -> None:
    with pytest.raises(RefusalError, match=r"hello\.changes is empty here, and not on the server"):
        merge(sources({**OURS, "hello.changes": "\n"}), server())
    assert contents(merge(sources({**OURS, "hello.changes": "\n"}), server({"hello.changes": ""})))


def test_names_that_obs_refuses_are_refused() -> None:
    with pytest.raises(InputError, match="'a/b' cannot be sent"):
        merge(sources({"a/b": "x"}), server())


def test_the_origins_of_lines_that_stay_are_kept() -> None:
    origins = tuple(Origin("package.yaml", at) for at in range(1, 6))
    file = SourceFile("hello.changes", entry(1, "Change").encode(), origins)
    found = merge(Sources("hello", {"hello.changes": file}), server())
    merged = found.sources.files["hello.changes"]
    assert merged.content == (entry(1, "Change") + OLD).encode()
    assert merged.origin(4) == Origin("package.yaml", 4)
    assert merged.origin(len(merged.lines)) is None


NAMES = st.sampled_from(["a", "b.conf", "c.patch", "d.tar", "e.tar", "hello.spec"])
FILES = st.dictionaries(NAMES.filter(lambda name: not name.endswith(".tar")), st.binary(max_size=8), max_size=5)
EXTERNALS = st.frozensets(NAMES.filter(lambda name: name != "hello.spec"), max_size=4)
ENTRIES = [entry(day, f"Number {day}") for day in range(1, 9)]
HISTORY = st.lists(st.sampled_from(ENTRIES), max_size=6, unique=True).map("".join)
TAIL = st.sampled_from(
    ["", OLD, OLD + "no entry\r\n", "-" * 60 + "\nFri Dec  6 12:00:00 CET 2013 - x@example.org\n\n- a\t\n\n\n"]
)


@given(
    ours=FILES,
    outside=EXTERNALS,
    held=FILES,
    archives=EXTERNALS.map(lambda names: {name for name in names if name.endswith(".tar")}),
    sent=EXTERNALS,
    supply=EXTERNALS,
    mine=HISTORY,
    theirs=st.tuples(HISTORY, TAIL).map("".join),
)
def test_whatever_both_hold(
    ours: dict[str, bytes],
    outside: frozenset[str],
    held: dict[str, bytes],
    archives: set[str],
    sent: frozenset[str],
    supply: frozenset[str],
    mine: str,
    theirs: str,
) -> None:
    outside -= set(ours)
    supply &= outside
    mine, theirs = mine or OLD, theirs or OLD
    local = sources({**ours, "hello.changes": mine}, *outside)
    remote = sources({**held, "hello.changes": theirs}, *archives)
    found = merge(local, remote, sent=sent, supply=supply)

    history = found.sources.files["hello.changes"].content.decode()
    assert history.endswith(theirs)
    identities = [one.identity for one in Changes.parse("x", history.encode()).entries]
    for wanted in (mine, theirs):
        # every entry of both is there, but for ours of which the server has another wording, or that are below all
        entries = Changes.parse("x", wanted.encode()).entries
        merged = found.changes["hello.changes"]
        without = {one.identity for one in (*merged.older, *(ours for ours, _ in merged.rewritten))}
        assert {one.identity for one in entries} - without <= set(identities)
    assert len([one for one in identities if one in {e.identity for e in found.new_entries}]) == len(found.new_entries)

    there = {*held, *archives}
    after = {*found.sources.files, *(one.name for one in found.sources.externals), *found.supplied} - {"hello.changes"}
    assert after == (set(ours) | there | set(found.supplied)) - set(found.removed)
    assert set(found.removed) <= there - set(ours) - outside
    assert set(found.strangers) <= there - set(ours) - outside
    for name, content in ours.items():
        assert found.sources.files[name].content == content
    for name in after - set(ours):
        if name in held:
            assert found.sources.files[name].content == held[name]
    assert found.missing == tuple(sorted(outside - there - supply))

    # what comes of it is what it stays: a second merge with the result changes nothing
    stored = {name: file.content for name, file in found.sources.files.items()}
    kept = {one.name for one in found.sources.externals} | set(found.supplied)
    again = merge(local, sources(stored, *kept), sent=sent, supply=supply)
    assert {name: file.content for name, file in again.sources.files.items()} == stored
    assert {one.name for one in again.sources.externals} == kept
    assert (again.removed, again.new_entries, again.supplied) == ({}, (), frozenset())
