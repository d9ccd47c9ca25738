"""What build results mean, and when waiting for them ends."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from generator.errors import RefusalError, ServerError
from generator.obs.client import Configuration, Patience
from generator.obs.records import BuildResult, Place, as_build_results
from generator.obs.server import Server
from generator.submit.builds import FINAL, Waiting, Watch, reason, require_success, settled, wait_for_builds
from generator.submit.destination import Destination
from generator.submit.run import Task, apply_all
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, entry, local, spec
from tests.submit.proxy import Proxy
from tests.submit.test_faults import through

CODES = ("scheduled", "dispatching", "building", "finished", "signing", "blocked", "unknown", *sorted(FINAL))


def result(code: str, repository: str = "standard", details: str = "", *, settled: bool = True) -> BuildResult:
    return BuildResult("hello", repository, "x86_64", code, details, settled)


RESULTS = st.lists(
    st.builds(result, st.sampled_from(CODES), st.sampled_from("abc"), settled=st.booleans()), max_size=4
).map(tuple)


def read(inner: str) -> tuple[BuildResult, ...]:
    return as_build_results("hello", etree.fromstring(f"<resultlist>{inner}</resultlist>"))


def test_results_are_of_the_package_and_its_flavours() -> None:
    text = """
        <result repository="a" arch="x86_64" state="building">
          <status package="hello" code="excluded"/>
          <status package="hello:test" code="unresolvable"><details>nothing provides x</details></status>
          <status package="hello-world" code="failed"/>
        </result>
        <result repository="b" arch="i586" state="building" dirty="true">
          <status package="hello" code="succeeded"/>
        </result>"""
    assert read(text) == (
        BuildResult("hello", "a", "x86_64", "excluded"),
        BuildResult("hello:test", "a", "x86_64", "unresolvable", "nothing provides x"),
        BuildResult("hello", "b", "i586", "succeeded", settled=False),
    )


def test_a_repository_that_says_nothing_of_the_package_is_waited_for() -> None:
    silent = '<result repository="a" arch="x86_64" state="scheduling"/>'
    done = '<result repository="b" arch="x86_64" state="published"><status package="hello" code="succeeded"/></result>'
    assert [one.code for one in read(silent + done)] == ["unknown", "succeeded"]
    assert not settled(read(silent + done))
    assert settled(read(done))


def test_a_broken_repository_is_believed_in_nothing_else() -> None:
    (found,) = read(
        '<result repository="a" arch="x86_64" state="broken" details="no such project">'
        '<status package="hello" code="succeeded"/></result>'
    )
    assert (found.code, found.details, found.settled) == ("broken", "no such project", True)


@given(st.lists(RESULTS, max_size=6))
def test_waiting_ends_only_with_final_states_that_the_server_has_looked_at(seen: list[tuple[BuildResult, ...]]) -> None:
    watch = Watch(Waiting(), 0.0)
    for now, results in enumerate(seen, 1):
        if watch.seen(results, float(now)):
            assert results
            assert all(one.settled and one.code in FINAL for one in results)
            assert all(one.code in ("succeeded", "failed") for one in results)  # no other lasted long enough


def test_a_state_without_a_build_has_to_last() -> None:
    """A busy server shows what it thought of the commit before."""
    watch = Watch(Waiting(steady=10), 0.0)
    missing, built = (result("unresolvable"), result("succeeded", "other")), (result("succeeded"),)
    assert not watch.seen(missing, 1.0)
    assert not watch.seen(missing, 10.9)
    assert watch.seen(missing, 11.0)
    watch = Watch(Waiting(steady=10), 0.0)
    assert not watch.seen((result("unresolvable"),), 1.0)
    assert not watch.seen((result("scheduled"),), 9.0)
    assert not watch.seen((result("unresolvable"),), 12.0)
    assert watch.seen(built, 13.0), "a build is proof enough"


def test_patience_ends() -> None:
    watch = Watch(Waiting(away=30), 100.0)
    assert watch.patient(129.0)
    assert not watch.patient(130.0)
    watch.seen((result("building"),), 129.0)
    assert watch.patient(158.0)


LOG = """\
[   41s] + false
[   41s] error: Bad exit status from /var/tmp/rpm-tmp.7Fer1g (%build)
[   41s]
[   41s] RPM build errors:
[   41s]     line 7: It is deprecated
[   41s]     Bad exit status from /var/tmp/rpm-tmp.7Fer1g (%build)
[   41s]     Bad exit status from /var/tmp/rpm-tmp.7Fer1g (%build)
[   41s]
[   42s] vm failed "build hello.spec" at Tue Mar  4 10:00:00 UTC 2025.
"""


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (LOG, "line 7: It is deprecated; Bad exit status from /var/tmp/rpm-tmp.7Fer1g (%build)"),
        ("[    1s] error: first\n[    2s] x.c:1: error: second\n[    3s] rmdir\n", "x.c:1: error: second"),
        ("[ 1s] Killed\n[ 9999s] \x1b[31mno space left\n\n", " [31mno space left"),
        ("RPM build errors:\n", "RPM build errors:"),
        ("", ""),
    ],
)
def test_the_reason_stands_at_the_end_of_the_log(log: str, expected: str) -> None:
    assert reason(log) == expected


@given(st.text())
def test_any_log_gives_one_printable_line(log: str) -> None:
    assert "\n" not in reason(log)
    assert reason(log).isprintable()


def test_what_does_not_build_is_told(bench: Bench) -> None:
    place = bench.branch
    results = (result("unresolvable", details="nothing provides x"), result("broken", "b"), result("succeeded", "c"))
    with pytest.raises(ServerError) as caught:
        require_success(bench.server, place, results)
    command = f"more: osc -A {bench.server.url} results {place.project} hello"
    assert str(caught.value).splitlines() == [
        f"{place} does not build in standard/x86_64: unresolvable: nothing provides x ({command})",
        f"{place} does not build in b/x86_64: broken ({command})",
    ]


@pytest.mark.parametrize(
    ("results", "told"),
    [
        ((result("disabled"), result("excluded", "b")), "standard/x86_64: disabled; b/x86_64: excluded"),
        ((), "its project has no repository"),
    ],
)
def test_what_was_built_nowhere_has_not_succeeded(bench: Bench, results: tuple[BuildResult, ...], told: str) -> None:
    with pytest.raises(RefusalError) as caught:
        require_success(bench.server, bench.branch, results)
    assert f"is built nowhere ({told})" in str(caught.value)
    require_success(bench.server, bench.branch, (*results, result("succeeded", "c")))


def test_a_project_without_a_repository_is_not_waited_for(bench: Bench) -> None:
    begun = time.monotonic()
    assert wait_for_builds(bench.server, bench.target, waiting=Waiting(first=0.05, appearance=0.3)) == ()
    assert 0.3 <= time.monotonic() - begun < 10


@pytest.fixture
def away(bench: Bench, tmp_path: Path) -> Iterator[Proxy]:
    """A proxy between the bench and its server, which answers 503 to everything about builds."""
    proxy = Proxy(bench.obs.url, spoil=lambda line: "503" if "/_result" in line else "")
    bench.server = through(bench, proxy, tmp_path)
    bench.server.connection.patience = Patience(timeout=10, retries=1, pause=0.01)
    yield proxy
    proxy.close()
    Configuration(bench.obs.oscrc)


def test_a_server_that_comes_back_is_waited_for(bench: Bench, away: Proxy) -> None:
    count = itertools.count()
    away.spoil = lambda line: "503" if "/_result" in line and next(count) < 6 else ""
    notes: list[str] = []
    waiting = Waiting(first=0.01, longest=0.01, appearance=0.0)
    results = wait_for_builds(bench.server, bench.target, lambda _results, note: notes.append(note), waiting)
    assert results == ()
    assert [note[-35:] for note in notes] == ["Service Unavailable for a test; asking again"[-35:]] * 3 + [""]


def test_a_server_that_stays_away_ends_the_waiting(bench: Bench, away: Proxy) -> None:
    with pytest.raises(ServerError, match="answered 503"):
        wait_for_builds(bench.server, bench.target, waiting=Waiting(first=0.01, away=0.2))


def test_a_refusal_ends_the_waiting_at_once(bench: Bench, away: Proxy) -> None:
    away.spoil = lambda line: "403" if "/_result" in line else ""
    with pytest.raises(ServerError, match="may not do this"):
        wait_for_builds(bench.server, bench.target)
    assert sum("/_result" in line for line in away.seen) == 1


def test_what_the_server_knows_of_files(bench: Bench) -> None:
    """Nothing here was ever built; the files have the digest that a build of them would have."""
    server: Server = bench.server
    listing = server.listing(bench.target)
    assert listing is not None
    assert server.source_digests(bench.target) == {listing.digest}
    assert server.results(Place(bench.target.project, "hello")) == ()


def test_all_branches_are_committed_to_before_one_is_waited_for(make_bench: Callable[[], Bench]) -> None:
    benches = [make_bench() for _ in range(2)]
    mine = local({"hello.spec": spec("1", "# ours"), "hello.changes": entry(1, "Change") + OLD}, ("hello-1.tar",))
    tasks = [
        Task(one.server, Destination("", one.target.project), one.prepare(mine, wait=True), one.journal())
        for one in benches
    ]
    asked: list[Place] = []

    def builds(_server: Server, place: Place) -> tuple[BuildResult, ...]:
        asked.append(place)
        assert [one.counts() for one in benches] == [(1, 0), (1, 0)] if len(asked) == 1 else True
        return (result("succeeded" if place == benches[1].branch else "unresolvable"),)

    first, second = apply_all(tasks, lambda _words: None, builds)
    assert asked == [one.branch for one in benches]
    assert (first.state, first.exit_code, first.request) == ("failed", 4, 0)
    assert [one.code for one in first.builds] == ["unresolvable"]
    assert f"not done: wait for the builds of {benches[0].branch}" in first.words
    assert (second.state, [one.code for one in second.builds]) == ("sent", ["succeeded"])
    assert [one.counts() for one in benches] == [(1, 0), (1, 1)]
    again = benches[0].prepare(mine, wait=True)
    assert [step.kind for step in again.plan.steps] == ["wait", "request"], "it goes on from where it stopped"
