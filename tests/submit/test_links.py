"""A target that is a link itself: compared expanded, and still a link afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from generator.errors import RefusalError
from generator.obs.records import Place
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, entry, local, spec

OURS = local({"hello.spec": spec("1", "# ours"), "hello.changes": entry(1, "Change (bsc#1)") + OLD}, ("hello-1.tar",))
EXPECTED = {
    "hello.spec": spec("1", "# ours").encode(),
    "hello.changes": (entry(1, "Change (bsc#1)") + OLD).encode(),
    "hello-1.tar": b"\0archive\xff",
    "README": b"a stranger\n",
    "local.conf": b"only in the link\n",
}


@pytest.fixture
def linked(bench: Bench) -> Callable[[str], Place]:
    """Make the bench's target a link, in a project of this name, to what was the target; gives that."""

    def make(project: str) -> Place:
        origin = bench.target
        bench.obs.project(project)
        bench.obs.package(project, "hello")
        link = f'<link project="{origin.project}" package="hello"/>'
        bench.obs.need("PUT", f"/source/{project}/hello/_link", link)
        # a file of the link's own, so that it is more than a pointer
        bench.obs.commit(project, "hello", {**bench.obs.files(project, "hello"), "local.conf": b"only in the link\n"})
        bench.target = Place(project, "hello")
        assert plain(bench, bench.target) >= {"_link"}
        return origin

    return make


def plain(bench: Bench, place: Place) -> set[str]:
    """The names of the files as they are stored, the link not expanded."""
    body = bench.obs.need("GET", f"/source/{place.project}/{place.package}", rev="latest", expand="0")
    return set(re.findall(r'<entry name="([^"]*)"', body.decode()))


def is_link(bench: Bench, to: Place) -> bool:
    raw = bench.obs.need("GET", f"/source/{bench.target.project}/{bench.target.package}/_link").decode()
    listing = bench.server.listing(bench.target)
    return f'project="{to.project}"' in raw and listing.link == to and not listing.broken


def test_a_direct_commit_to_a_link(bench: Bench, linked: Callable[[str], Place]) -> None:
    origin = linked(f"home:packager:link{bench.target.project[5:]}")
    prepared = bench.prepare(OURS, direct=True)
    uploads = [step.subject for step in prepared.plan.steps if step.kind == "upload"]
    assert uploads == ["hello.changes", "hello.spec"]  # compared expanded: the rest is there
    bench.apply(prepared)
    assert bench.files() == EXPECTED
    assert is_link(bench, origin)
    assert bench.prepare(OURS, direct=True).plan.reason == f"{bench.target} holds exactly these files already"
    # the link is alive: what comes to the package behind it comes through
    bench.obs.commit(origin.project, "hello", {**bench.files(origin), "late.txt": b"late\n"})
    assert bench.files() == {**EXPECTED, "late.txt": b"late\n"}


def test_a_request_to_a_link(bench: Bench, linked: Callable[[str], Place]) -> None:
    origin = linked(f"linked:{bench.target.project[5:]}")
    before = bench.files(origin)
    first = bench.submit(OURS)
    assert bench.server.listing(bench.branch).link == bench.target
    assert bench.files(bench.branch) == EXPECTED
    bench.accept(first.request)
    assert bench.files() == EXPECTED
    assert is_link(bench, origin)
    assert bench.files(origin) == before
    assert "holds exactly these files" in bench.prepare(OURS).plan.reason
    later = local({**_contents(), "hello.spec": spec("1", "# later")}, ("hello-1.tar",))
    bench.accept(bench.submit(later).request)
    assert bench.files() == {**EXPECTED, "hello.spec": spec("1", "# later").encode()}
    assert is_link(bench, origin)


def test_a_link_that_changed_behind_the_target_comes_along(bench: Bench, linked: Callable[[str], Place]) -> None:
    origin = linked(f"linked:{bench.target.project[5:]}")
    bench.accept(bench.submit(OURS).request)
    theirs = {**bench.files(origin), "README": b"another stranger\n"}
    bench.obs.commit(origin.project, "hello", theirs)
    later = local({**_contents(), "hello.spec": spec("1", "# later")}, ("hello-1.tar",))
    assert bench.prepare(later).drift == ()  # what changed is not ours
    bench.accept(bench.submit(later).request)
    assert bench.files()["README"] == b"another stranger\n"


@pytest.mark.parametrize("direct", [False, True])
def test_a_link_that_does_not_expand_is_left_alone(bench: Bench, linked: Callable[[str], Place], direct: bool) -> None:
    origin = linked(f"linked:{bench.target.project[5:]}")
    bench.obs.commit(bench.target.project, "hello", {**bench.files(), "README": b"one\n"})
    bench.obs.commit(origin.project, "hello", {**bench.files(origin), "README": b"two\n"})
    with pytest.raises(RefusalError, match="is a link that does not expand: could not apply patch"):
        bench.prepare(OURS, direct=direct)


def _contents() -> dict[str, bytes]:
    return {name: file.content for name, file in OURS.sources.files.items()}
