from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from generator.errors import InputError
from generator.obs.records import Place
from generator.submit.maintenance import look, submit
from generator.submit.session import Wishes
from tests.submit.conftest import OLD, Bench, entry, local, spec

ATTRIBUTE = '<attributes><attribute namespace="OBS" name="Maintained"/></attributes>'
TWELVE = entry(1, "Only in twelve") + OLD
FIFTEEN = entry(2, "Only in fifteen (bsc#2)") + OLD


@dataclass
class Streams:
    bench: Bench
    twelve: Place
    fifteen: Place
    maintenance: str


@pytest.fixture
def streams(bench: Bench) -> Iterator[Streams]:
    """Two codestreams of hello with histories and archives of their own, and a maintenance project."""
    obs = bench.obs
    twelve, fifteen, maintenance = obs.project(), obs.project(), obs.project()
    for project, changes in ((twelve, TWELVE), (fifteen, FIFTEEN)):
        held = {"hello.spec": spec().encode(), "hello.changes": changes.encode(), "hello-1.tar": project.encode()}
        obs.package(project, "hello", held)
        obs.need("POST", f"/source/{project}/_attribute", ATTRIBUTE)
    yield Streams(bench, Place(twelve, "hello"), Place(fifteen, "hello"), maintenance)
    for project in (twelve, fifteen):
        obs.need("DELETE", f"/source/{project}/_attribute/OBS:Maintained")
    obs.ask("DELETE", "/source/home:packager:branches:OBS_Maintained:hello", force="1")


def package(text: str, *history: str) -> object:
    return local({"hello.spec": spec("1", f"# {text}"), "hello.changes": "".join(history) + OLD}, ("hello-1.tar",))


def test_one_request_for_all_codestreams(streams: Streams) -> None:
    bench = streams.bench
    ours = package("ours", entry(5, "Fix it (bsc#5)"))
    found = look(bench.server, ours, bench.journal(), Wishes())
    assert [one.origin for one in found] == sorted([streams.twelve, streams.fifteen], key=str)
    assert all(one.references == {"bsc#5"} for one in found)
    done = submit(bench.server, ours, found, bench.journal(), streams.maintenance)
    request = bench.server.request(done.request)
    assert (request.kind, request.state, len(request.sources)) == ("maintenance_incident", "new", 2)
    assert request.description == "- Fix it (bsc#5)"
    for origin, changes in ((streams.twelve, TWELVE), (streams.fifteen, FIFTEEN)):
        branch = next(one for one in done.branches if one.package.endswith(origin.project.replace(":", "_")))
        files = bench.files(branch)
        assert files["hello.changes"] == (entry(5, "Fix it (bsc#5)") + changes).encode()
        assert files["hello-1.tar"] == origin.project.encode()
        assert bench.server.listing(branch).link == origin

    again = submit(bench.server, ours, found, bench.journal(), streams.maintenance)
    assert (again.request, again.created) == (done.request, False)
    later = package("later", entry(6, "More (bsc#6)"), entry(5, "Fix it (bsc#5)"))
    next_ = submit(
        bench.server, later, look(bench.server, later, bench.journal(), Wishes()), bench.journal(), streams.maintenance
    )
    assert next_.superseded == (done.request,)
    assert bench.server.request(done.request).state == "superseded"
    bench.accept(next_.request)
    assert bench.server.request(next_.request).state == "accepted"


def test_a_reference_is_needed_and_a_bsc_is_better(streams: Streams) -> None:
    bench = streams.bench
    with pytest.raises(InputError, match="no entry that is new to this codestream has a reference") as caught:
        look(bench.server, package("x", entry(5, "Fix it")), bench.journal(), Wishes())
    assert len(caught.value.problems) == 2
    found = look(bench.server, package("x", entry(5, "Fix it (gh#a/b#5)")), bench.journal(), Wishes())
    assert all("no entry new to it has a bsc# reference" in one.warnings for one in found)


def test_a_package_without_codestreams(bench: Bench) -> None:
    with pytest.raises(InputError, match="maintains no codestream of hello"):
        look(bench.server, package("x"), bench.journal(), Wishes())
