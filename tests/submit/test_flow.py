"""The whole flow against the real backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.errors import InputError, RefusalError, ServerError
from generator.obs.records import Place
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, entry, local, spec

FIRST = local({"hello.spec": spec("1", "# ours"), "hello.changes": entry(1, "Change (bsc#1)") + OLD}, ("hello-1.tar",))


def test_request_accept_supersede_and_nothing_to_do(bench: Bench) -> None:
    first = bench.submit(FIRST)
    expected = {
        "hello.spec": spec("1", "# ours").encode(),
        "hello.changes": (entry(1, "Change (bsc#1)") + OLD).encode(),
        "hello-1.tar": b"\0archive\xff",
        "README": b"a stranger\n",
    }
    assert bench.files(bench.branch) == expected
    assert bench.server.listing(bench.branch).link == bench.target
    request = bench.server.request(first.request)
    assert request.description == "- Change (bsc#1)"
    assert request.state == "new"
    assert "+# ours" in bench.server.request_diff(first.request)

    nothing = bench.prepare(FIRST)
    assert nothing.plan.steps == ()
    assert nothing.plan.reason == f"request {first.request} for exactly these files is new"
    assert bench.counts() == (1, 1)

    later = local(
        {"hello.spec": spec("1", "# later"), "hello.changes": entry(2, "More") + entry(1, "Change (bsc#1)") + OLD},
        ("hello-1.tar",),
    )
    second = bench.submit(later)
    assert second.superseded == [first.request]
    assert bench.server.request(first.request).state == "superseded"
    assert bench.server.request(first.request).superseded_by == str(second.request)
    bench.accept(second.request)
    assert bench.files() == {
        **expected,
        "hello.spec": spec("1", "# later").encode(),
        "hello.changes": (entry(2, "More") + entry(1, "Change (bsc#1)") + OLD).encode(),
    }
    assert "holds exactly these files" in bench.prepare(later).plan.reason
    assert bench.counts() == (2, 2)


def test_others_requests_to_the_same_target_stay(bench: Bench) -> None:
    other = bench.obs.project("home:packager:elsewhere")
    bench.obs.package(other, "hello", {"a": b"a"})
    ends = f'<source project="{other}" package="hello"/><target project="{bench.target.project}" package="hello"/>'
    body = f'<request><action type="submit">{ends}</action><description/></request>'
    bench.obs.need("POST", "/request", body, "packager", cmd="create")
    bench.submit(FIRST)
    assert [one.state for one in bench.server.requests(source=Place(other, "hello"))] == ["new"]


def test_a_direct_commit(bench: Bench) -> None:
    target = Place(bench.obs.project(f"home:packager:direct{bench.target.project[5:]}"), "hello")
    bench.obs.package(target.project, "hello", {"hello.changes": OLD.encode(), "hello-1.tar": b"a"})
    bench.target = target
    outcome = bench.submit(FIRST, direct=True)
    assert (outcome.revision, outcome.request) == (2, 0)
    assert bench.files()["hello-1.tar"] == b"a"
    assert bench.prepare(FIRST, direct=True).plan.steps == ()


def test_a_direct_commit_without_the_right_to_write(bench: Bench) -> None:
    with pytest.raises(ServerError, match="may not do this") as caught:
        bench.submit(FIRST, direct=True)
    assert "Done before: nothing" in str(caught.value)
    assert "without --commit it is requested" in str(caught.value)


@pytest.mark.parametrize("direct", [False, True])
def test_a_new_package(bench: Bench, tmp_path: Path, direct: bool) -> None:
    archive = tmp_path / "hello-1.tar"
    archive.write_bytes(b"our archive")
    name = bench.target.project[5:]
    bench.target = Place(bench.obs.project(f"home:packager:new{name}" if direct else f"fresh:{name}"), "hello")
    package = local({"hello.spec": spec(), "hello.changes": OLD}, ("hello-1.tar",), **{"hello-1.tar": archive})
    outcome = bench.submit(package, direct=direct)
    if not direct:
        bench.accept(outcome.request)
    assert bench.files() == {
        "hello.spec": spec().encode(),
        "hello.changes": OLD.encode(),
        "hello-1.tar": b"our archive",
    }


def test_a_new_version_brings_its_archive_and_takes_the_old_one(bench: Bench, tmp_path: Path) -> None:
    archive = tmp_path / "new"
    archive.write_bytes(b"version 2")
    package = local({"hello.spec": spec("2"), "hello.changes": OLD}, ("hello-2.tar",), **{"hello-2.tar": archive})
    prepared = bench.prepare(package)
    assert prepared.plan.removed == {"hello-1.tar": "declared no more"}
    bench.apply(prepared)
    assert set(bench.files(bench.branch)) == {"hello.spec", "hello.changes", "hello-2.tar", "README"}


def test_what_was_sent_once_and_is_no_longer_ours_is_removed(bench: Bench) -> None:
    extra = local({**_contents(FIRST), "extra.conf": "x\n"}, ("hello-1.tar",))
    bench.accept(bench.submit(extra).request)
    prepared = bench.prepare(FIRST)
    assert prepared.plan.removed == {"extra.conf": "specgen sent it before"}
    bench.accept(bench.apply(prepared).request)
    assert "extra.conf" not in bench.files()
    assert "README" in bench.files()


def test_a_declared_file_that_is_nowhere(bench: Bench) -> None:
    package = local({"hello.spec": spec("9"), "hello.changes": OLD}, ("hello-9.tar",))
    with pytest.raises(InputError, match=r"hello-9\.tar: declared, and neither here nor on the server"):
        bench.prepare(package)


def test_no_such_project(bench: Bench) -> None:
    bench.target = Place("no:such:project", "hello")
    with pytest.raises(InputError, match="has no project no:such:project"):
        bench.prepare(FIRST)


def test_others_changes_stop_the_run_and_are_shown_where_they_belong(bench: Bench) -> None:
    bench.accept(bench.submit(FIRST).request)
    theirs = {**bench.files(), "hello.spec": spec("1", "# theirs").encode()}
    theirs["hello.changes"] = (entry(5, "Theirs") + entry(1, "Change (bsc#1)") + OLD).encode()
    bench.obs.commit(bench.target.project, "hello", theirs)
    later = local({**_contents(FIRST), "hello.spec": spec("1", "# later")}, ("hello-1.tar",))
    prepared = bench.prepare(later)
    assert [one.name for one in prepared.drift] == ["hello.spec"]
    assert [(one.before, one.after) for one in prepared.drift[0].hunks] == [(("# ours",), ("# theirs",))]
    revision = bench.server.listing(bench.target).revision
    taken = bench.prepare(later, base=(str(revision),))
    assert taken.drift == ()
    assert [one.body for one in taken.merged.kept_entries] == ["- Theirs"]
    bench.accept(bench.apply(taken).request)
    assert bench.files()["hello.changes"] == theirs["hello.changes"]


def test_a_request_that_was_declined_is_asked_again_only_with_words(bench: Bench) -> None:
    first = bench.submit(FIRST)
    bench.obs.need("POST", f"/request/{first.request}", "no", cmd="changestate", newstate="declined")
    assert "was declined" in bench.prepare(FIRST).plan.reason
    second = bench.submit(FIRST, message="Please look again")
    assert second.superseded == [first.request]
    assert bench.counts() == (1, 2)


def test_the_package_changed_after_the_plan_was_made(bench: Bench) -> None:
    prepared = bench.prepare(FIRST)
    bench.obs.commit(bench.target.project, "hello", {**bench.files(), "new": b"x"})
    with pytest.raises(RefusalError, match=r"changed on .* while this run was preparing"):
        bench.apply(prepared)
    assert bench.server.listing(bench.branch) is None


def test_a_branch_that_no_longer_merges_is_repaired(bench: Bench) -> None:
    bench.submit(FIRST)
    bench.obs.commit(bench.target.project, "hello", {**bench.files(), "hello.spec": spec("1", "# theirs").encode()})
    assert bench.server.listing(bench.branch).broken
    revision = bench.server.listing(bench.target).revision
    outcome = bench.submit(FIRST, base=(str(revision),))
    assert bench.files(bench.branch)["hello.spec"] == spec("1", "# ours").encode()
    assert bench.server.listing(bench.branch).link == bench.target
    bench.accept(outcome.request)
    assert bench.files()["hello.spec"] == spec("1", "# ours").encode()


def test_an_archive_that_came_to_the_target_after_branching(bench: Bench) -> None:
    bench.submit(FIRST)
    bench.obs.commit(bench.target.project, "hello", {**bench.files(), "late.tar": b"late"})
    later = local({**_contents(FIRST), "hello.spec": spec("1", "# later")}, ("hello-1.tar", "late.tar"))
    bench.accept(bench.submit(later).request)
    assert bench.files()["late.tar"] == b"late"


def _contents(package: object) -> dict[str, bytes]:
    return {name: file.content for name, file in package.sources.files.items()}
