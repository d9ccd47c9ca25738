"""The plan: from what the server holds to what it is to hold, without any server."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.obs.records import Listing, Place, Request
from generator.sources import Sources
from generator.submit.merge import Merged
from generator.submit.plan import Plan, plan

TARGET, BRANCH = Place("devel:tools", "hello"), Place("home:me:branches:devel:tools", "hello")
OURS = {"hello.spec": "new", "hello.changes": "more", "hello-1.tar": "archive"}
THEIRS = {"hello.spec": "old", "hello.changes": "old", "hello-1.tar": "archive", "gone": "x"}


def listing(place: Place, files: Mapping[str, str] | None, broken: str = "") -> Listing | None:
    return None if files is None else Listing(place, 1, "digest", files, broken=broken)


def request(number: int, state: str = "new") -> Request:
    return Request(number, "me", state, "submit", (BRANCH,), (TARGET,), ("1",))


def made(
    target: Mapping[str, str] | None = THEIRS,
    branch: Mapping[str, str] | None = None,
    requests: Mapping[int, tuple[str, Mapping[str, str]]] | None = None,
    *,
    files: Mapping[str, str] = OURS,
    broken: str = "",
    **wishes: bool,
) -> Plan:
    """A plan; `requests` gives for each number its state and the files that it asks for."""
    asked = requests or {}
    return plan(
        merged=Merged(Sources("hello", {})),
        files=files,
        destination=TARGET,
        target=listing(TARGET, target),
        branch_place=BRANCH,
        branch=listing(BRANCH, branch, broken),
        requests=[request(number, state) for number, (state, _) in sorted(asked.items())],
        covered={number: held for number, (_, held) in asked.items()},
        message="words",
        **wishes,
    )


def kinds(found: Plan) -> list[str]:
    return [f"{step.kind} {step.subject}".rstrip() for step in found.steps]


def test_a_first_request() -> None:
    found = made()
    assert kinds(found) == ["branch", "upload hello.spec", "upload hello.changes", "commit", "request"]
    assert found.work == BRANCH
    assert (found.commits, found.requests) == (True, True)
    assert found.steps[0].words == f"branch {TARGET} to {BRANCH}"
    assert found.steps[3].words == f"commit to {BRANCH}: 2 changed, 1 removed"
    assert found.steps[4].words == f"request that {TARGET} takes what {BRANCH} holds"


def test_a_new_package() -> None:
    found = made(target=None)
    assert kinds(found) == ["branch", *(f"upload {name}" for name in OURS), "commit", "request"]
    assert found.steps[0].words == f"make {BRANCH}: {TARGET} is new"
    assert kinds(made(target=None, direct=True)) == ["make", *(f"upload {name}" for name in OURS), "commit"]


def test_a_direct_commit() -> None:
    found = made(direct=True)
    assert kinds(found) == ["upload hello.spec", "upload hello.changes", "commit"]
    assert found.work == TARGET
    assert not found.requests


def test_a_commit_that_is_a_part_of_something_larger() -> None:
    assert kinds(made(asks=False)) == ["branch", "upload hello.spec", "upload hello.changes", "commit"]
    there = made(branch=OURS, asks=False)
    assert (there.steps, there.reason) == ((), "")


def test_waiting_comes_between_commit_and_request() -> None:
    assert kinds(made(wait=True))[-3:] == ["commit", "wait", "request"]


@pytest.mark.parametrize("direct", [False, True])
def test_a_target_that_holds_it_already(direct: bool) -> None:
    found = made(target=OURS, branch=THEIRS, requests={1: ("new", THEIRS)}, direct=direct)
    assert (found.steps, found.reason) == ((), f"{TARGET} holds exactly these files already")


def test_a_branch_that_holds_it_already() -> None:
    assert kinds(made(branch=OURS)) == ["request"]
    assert kinds(made(branch=OURS, direct=True)) == ["upload hello.spec", "upload hello.changes", "commit"]


def test_a_branch_that_does_not_expand_is_committed_anew() -> None:
    found = made(branch=OURS, broken="conflict")
    assert kinds(found) == ["upload hello.spec", "upload hello.changes", "commit", "request"]


def test_an_open_request_for_other_files_is_superseded() -> None:
    found = made(branch=THEIRS, requests={3: ("new", THEIRS), 5: ("review", THEIRS)})
    assert kinds(found)[-3:] == ["request", "supersede 3", "supersede 5"]
    assert found.superseded == (3, 5)
    assert found.steps[-1].words == "supersede request 5 by the new one"


@pytest.mark.parametrize("state", ["new", "review"])
def test_an_open_request_for_these_files(state: str) -> None:
    found = made(branch=OURS, requests={3: (state, OURS)})
    assert (found.steps, found.open) == ((), 3)
    assert found.reason == f"request 3 for exactly these files is {state}"


def test_what_a_killed_run_did_not_come_to_supersede() -> None:
    found = made(branch=OURS, requests={3: ("new", THEIRS), 5: ("new", OURS), 6: ("declined", OURS)})
    assert kinds(found) == ["supersede 3"]
    assert (found.open, found.superseded, found.reason) == (5, (3,), "")
    assert found.steps[0].words == "supersede request 3 by 5"


def test_a_declined_request_for_these_files() -> None:
    found = made(branch=OURS, requests={3: ("declined", OURS)})
    assert (found.steps, found.open) == ((), 3)
    assert found.reason == "request 3 for exactly these files was declined"
    again = made(branch=OURS, requests={3: ("declined", OURS)}, again=True)
    assert kinds(again) == ["request", "supersede 3"]


FILES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["1", "2"]), max_size=6)


@given(target=st.none() | FILES, branch=st.none() | FILES, ours=FILES, direct=st.booleans(), asked=FILES)
def test_whatever_the_server_holds(
    target: dict[str, str] | None,
    branch: dict[str, str] | None,
    ours: dict[str, str],
    direct: bool,
    asked: dict[str, str],
) -> None:
    found = made(target, branch, {7: ("new", asked)} if branch is not None else {}, files=ours, direct=direct)
    held = target if direct else branch
    uploads = {step.subject for step in found.steps if step.kind == "upload"}
    if not found.steps:
        assert target == ours or (not direct and asked == ours)
        assert found.reason
        return
    if found.commits:
        there = {**(target or {}), **(held or {})}
        assert uploads == {name for name, digest in ours.items() if there.get(name) != digest}
        assert held != ours
    else:
        assert held == ours
        assert not uploads
    order = ["make", "branch", "upload", "commit", "request", "supersede"]
    places = [order.index(step.kind) for step in found.steps]
    assert places == sorted(places)
    assert found.requests == (not direct)
