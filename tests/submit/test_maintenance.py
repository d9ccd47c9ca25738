from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.cli.application import Application
from generator.errors import InputError, RefusalError, ServerError, SpecgenError
from generator.obs.records import BuildResult, Place
from generator.obs.server import Server
from generator.submit.journal import Journal
from generator.submit.maintenance import Incident, Outcome, Submission, look
from generator.submit.session import Local, Wishes
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, entry, local, spec
from tests.submit.kept import direct
from tests.submit.proxy import Proxy
from tests.submit.test_faults import through

ROOT = Path(__file__).parent.parent.parent
ATTRIBUTE = '<attributes><attribute namespace="OBS" name="Maintained"/></attributes>'
TWELVE = entry(1, "Only in twelve") + OLD
FIFTEEN = entry(2, "Only in fifteen (bsc#2)") + OLD
PATCH = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-{0}\n+{1}\n"


@dataclass
class Streams:
    """Two codestreams of hello, each with a history, an archive and patches of its own."""

    bench: Bench
    twelve: Place
    fifteen: Place
    maintenance: str

    def look(self, package: Local, **wishes: object) -> Incident:
        return look(self.bench.server, package, self.bench.journal(), self.maintenance, Wishes(**wishes))

    def submit(self, package: Local, incident: Incident | None = None, **wishes: object) -> Outcome:
        bench = self.bench
        incident = incident or self.look(package, **wishes)
        return Submission(bench.server, package, incident, bench.journal(), Wishes(**wishes), bench.told.append).run()

    def branch(self, origin: Place) -> Place:
        return self.bench.server.maintained_branch_name(origin)

    def counts(self) -> tuple[int, int, int]:
        """The user's commits to each branch, and the requests from them."""
        server = self.bench.server
        found = []
        for origin in (self.twelve, self.fifteen):
            listing = server.listing(self.branch(origin))
            history = server.history(self.branch(origin)) if listing else ()
            found.append(sum(bool(one.comment) and one.user == server.user for one in history))
        return found[0], found[1], len(server.requests(source=self.branch(self.twelve)))


def make_codestreams(bench: Bench) -> Streams:
    obs = bench.obs
    made = Streams(bench, Place(obs.project(), "hello"), Place(obs.project(), "hello"), obs.project())
    for place, changes, own in ((made.twelve, TWELVE, "twelve"), (made.fifteen, FIFTEEN, "fifteen")):
        held = {
            "hello.spec": spec("1", "Patch0: shared.patch", f"Patch1: {own}.patch").encode(),
            "hello.changes": changes.encode(),
            "hello-1.tar": place.project.encode(),
            "shared.patch": PATCH.format("shared", own).encode(),
            f"{own}.patch": PATCH.format("own", own).encode(),
        }
        obs.package(place.project, "hello", held)
        obs.need("POST", f"/source/{place.project}/_attribute", ATTRIBUTE)
    return made


@pytest.fixture
def streams(bench: Bench) -> Iterator[Streams]:
    made = make_codestreams(bench)
    try:
        yield made
    finally:
        for place in (made.twelve, made.fifteen):
            bench.obs.need("DELETE", f"/source/{place.project}/_attribute/OBS:Maintained")
        bench.obs.ask("DELETE", "/source/home:packager:branches:OBS_Maintained:hello", force="1")


CONDITIONAL = (
    *("Patch0: shared.patch", "%if 0%{?sle_version} >= 150000", "Patch1: fifteen.patch", "%else"),
    *("Patch1: twelve.patch", "%endif"),
)
EXTERNAL = ("hello-1.tar", "shared.patch", "twelve.patch", "fifteen.patch")


def package(text: str, *history: str, lines: tuple[str, ...] = CONDITIONAL, **files: str) -> Local:
    """Ours: the codestreams' own patches declared under conditions, and none of their bytes here but in `files`."""
    ours = {"hello.spec": spec("1", f"# {text}", *lines), "hello.changes": "".join(history) + OLD, **files}
    return local(ours, tuple(one for one in EXTERNAL if one in "".join(lines) + "hello-1.tar" and one not in files))


FIX = entry(5, "Fix it (bsc#5)")


def told(error: SpecgenError) -> list[str]:
    """What is wrong, of a run that had sent nothing and says so."""
    *problems, last = map(str, error.problems)
    assert last == "nothing was sent"
    return problems


@pytest.fixture
def both(streams: Streams) -> Streams:
    """The codestreams, each with both patches there, as a package that is shared by them has it."""
    obs = streams.bench.obs
    for place, other in ((streams.twelve, "fifteen"), (streams.fifteen, "twelve")):
        held = obs.files(place.project, "hello")
        obs.commit(place.project, "hello", {**held, f"{other}.patch": f"{other} as {place.project} has it\n".encode()})
    return streams


def test_one_request_for_all_codestreams(both: Streams) -> None:
    bench = both.bench
    before = {origin: bench.files(origin) for origin in (both.twelve, both.fifteen)}
    ours = package("ours", FIX)
    incident = both.look(ours)
    assert [one.origin for one in incident.codestreams] == sorted(before, key=str)
    assert all(one.references == {"bsc#5"} for one in incident.codestreams)
    done = both.submit(ours, incident)
    assert done.created
    request = bench.server.request(done.request)
    assert (request.kind, request.state, len(request.sources)) == ("maintenance_incident", "new", 2)
    assert request.description == "- Fix it (bsc#5)"
    expected = {
        origin: {
            **held,
            "hello.spec": spec("1", "# ours", *CONDITIONAL).encode(),
            "hello.changes": FIX.encode() + held["hello.changes"],
        }
        for origin, held in before.items()
    }
    for origin, files in expected.items():
        assert bench.files(both.branch(origin)) == files  # its own history, archive and patches
        assert bench.server.listing(both.branch(origin)).link == origin

    again = both.look(ours)
    assert again.reason == f"request {done.request} for exactly these files is new"
    assert both.submit(ours, again).created is False
    assert both.counts() == (1, 1, 1)
    later = package("later", entry(6, "More (bsc#6)"), FIX)
    next_ = both.submit(later)
    assert next_.superseded == [done.request]
    assert bench.server.request(done.request).state == "superseded"
    bench.accept(next_.request)
    for origin in before:
        made = Place(f"{both.maintenance}:{next_.request}", both.branch(origin).package)
        assert bench.files(made) == bench.files(both.branch(origin))
    assert both.counts() == (2, 2, 2)


def test_a_commit_that_fails_tells_of_the_codestreams_before_it(both: Streams, tmp_path: Path) -> None:
    bench, ours = both.bench, package("ours", FIX)
    first, second = sorted((both.twelve, both.fifteen), key=str)
    refused = f"/{both.branch(second).project}/{both.branch(second).package}?cmd=commitfilelist"
    proxy = Proxy(bench.obs.url, spoil=lambda line: "403" if refused in line else "")
    incident = both.look(ours)
    with pytest.raises(ServerError) as caught:
        Submission(through(bench, proxy, tmp_path), ours, incident, bench.journal(), Wishes()).run()
    proxy.close()
    before = str(caught.value).partition("Done before: ")[2]
    assert before.startswith("branch the maintained codestreams of hello; ")
    assert f"commit to {both.branch(first)}" in before
    assert f"commit to {both.branch(second)}" not in before
    direct(bench)
    both.submit(ours)
    assert both.counts() == (1, 1, 1)


def test_a_request_waits_for_the_builds_of_every_branch(both: Streams) -> None:
    bench, ours, journal = both.bench, package("ours", FIX), both.bench.journal()
    twelve, fifteen = both.branch(both.twelve), both.branch(both.fifteen)
    codes = {twelve: "failed", fifteen: "unresolvable"}
    asked: list[Place] = []

    def builds(_server: Server, place: Place) -> tuple[BuildResult, ...]:
        assert both.counts() == (1, 1, 0), "everything is committed, and nothing requested"
        asked.append(place)
        return (BuildResult(place.package, "standard", "x86_64", codes[place]),)

    def submit() -> Outcome:
        incident = both.look(ours, wait=True)
        assert [step.kind for step in incident.steps] == ["wait", "request"]
        return Submission(bench.server, ours, incident, journal, Wishes(wait=True), builds=builds).run()

    with pytest.raises(ServerError) as caught:
        submit()
    assert sorted(asked, key=str) == sorted(codes, key=str)
    for place, code in codes.items():
        assert f"{place} does not build in standard/x86_64: {code}" in str(caught.value)
    assert "not done: wait for the builds of the branches" in str(caught.value)
    codes = dict.fromkeys(codes, "disabled")
    with pytest.raises(RefusalError, match="is built nowhere"):
        submit()
    codes = dict.fromkeys(codes, "succeeded")
    done = submit()
    assert [one.code for one in done.builds] == ["succeeded"] * 2
    assert both.counts() == (1, 1, 1)


def test_the_journal_says_what_was_sent_to_each_codestream(both: Streams) -> None:
    done = both.submit(package("ours", FIX))
    journal = both.bench.journal()
    for origin in (both.twelve, both.fifteen):
        last = journal.last(both.bench.server.url, origin.project, "hello")
        assert (last.request, last.work) == (done.request, str(both.branch(origin)))
        assert journal.unfinished(both.bench.server.url, origin.project, "hello") == []
    assert journal.last(both.bench.server.url, both.maintenance, "hello").request == done.request


def test_a_codestream_that_has_it_is_left_out(both: Streams) -> None:
    bench, ours = both.bench, package("ours", FIX)
    done = both.submit(ours)
    bench.obs.commit(both.twelve.project, "hello", bench.files(both.branch(both.twelve)))
    incident = both.look(ours)
    assert [one.origin for one in incident.codestreams] == [both.fifteen]
    next_ = both.submit(ours, incident)
    assert bench.server.request(next_.request).sources == (both.branch(both.fifteen),)
    assert next_.superseded == [done.request]
    bench.obs.commit(both.fifteen.project, "hello", bench.files(both.branch(both.fifteen)))
    assert both.look(ours).reason == "every codestream holds exactly these files already"


def test_a_reference_is_needed_and_a_bsc_is_better(both: Streams) -> None:
    with pytest.raises(InputError, match="no entry that is new to this codestream has a reference") as caught:
        both.look(package("x", entry(5, "Fix it")))
    assert len(told(caught.value)) == 2
    found = both.look(package("x", entry(5, "Fix it (gh#a/b#5)"))).codestreams
    assert all("no entry new to it has a bsc# reference" in one.warnings for one in found)
    found = both.look(package("x", entry(6, "And this (gh#a/b#5)"), FIX)).codestreams
    assert not any("no entry new to it has a bsc# reference" in one.warnings for one in found)


def test_references_are_those_that_are_new_to_the_codestream(both: Streams) -> None:
    """An entry that one codestream has already does not speak for it; for the other it does."""
    held = both.bench.files(both.fifteen)
    held["hello.changes"] = FIX.encode() + held["hello.changes"]
    both.bench.obs.commit(both.fifteen.project, "hello", held)
    with pytest.raises(InputError) as caught:
        both.look(package("x", entry(6, "And more"), FIX))
    (one,) = told(caught.value)
    assert one.startswith(f"{both.fifteen}: ")


def test_a_codestreams_own_patch_does_not_go_without_a_word(streams: Streams) -> None:
    bench = streams.bench
    plain = ("Patch0: shared.patch",)
    with pytest.raises(InputError) as caught:
        streams.look(package("x", FIX, lines=plain))
    assert {one.partition(": its patch ")[0] for one in told(caught.value)} == {
        str(streams.twelve),
        str(streams.fifteen),
    }
    assert f"{streams.twelve}: its patch twelve.patch would go (declared no more), and no new entry says so" in str(
        caught.value
    )
    with pytest.raises(InputError, match=r"its patch twelve\.patch would go"):
        streams.look(package("x", entry(5, "Fix it (bsc#5)\n- Remove not-twelve.patch, fifteen.patch"), lines=plain))
    words = entry(5, "Fix it (bsc#5)\n- Remove twelve.patch and fifteen.patch: both are upstream")
    streams.submit(package("x", words, lines=plain))
    assert set(bench.files(streams.branch(streams.twelve))) == {
        "hello.spec",
        "hello.changes",
        "hello-1.tar",
        "shared.patch",
    }


def test_a_patch_that_a_codestream_lacks_is_named_with_it(streams: Streams) -> None:
    with pytest.raises(InputError, match=rf"{streams.twelve}: fifteen.patch: declared, and neither here nor on"):
        streams.look(package("x", FIX))


def test_ours_goes_to_all_codestreams(streams: Streams) -> None:
    lines = ("Patch0: shared.patch", "Patch1: twelve.patch", "Patch2: fifteen.patch", "Patch3: new.patch")
    files = {f"{one}.patch": PATCH.format("ours", one) for one in ("twelve", "fifteen", "new")}
    streams.submit(package("x", FIX, lines=lines, **files))
    for origin in (streams.twelve, streams.fifteen):
        held = streams.bench.files(streams.branch(origin))
        assert {name: held[name].decode() for name in files} == files
        assert held["shared.patch"] == streams.bench.files(origin)["shared.patch"]


def test_others_changes_are_shown_with_each_codestream(both: Streams) -> None:
    bench, ours = both.bench, package("ours", FIX)
    both.submit(ours)
    for origin in (both.twelve, both.fifteen):
        theirs = bench.files(origin)
        theirs["hello.spec"] = spec("1", "# theirs", *CONDITIONAL).encode()
        bench.obs.commit(origin.project, "hello", theirs)
    later = package("later", entry(6, "More (bsc#6)"), FIX)
    found = both.look(later).codestreams
    assert [[drift.name for drift in one.prepared.drift][:1] for one in found] == [["hello.spec"]] * 2
    revision = bench.server.listing(both.twelve).revision
    taken = both.look(later, base=(f"{both.twelve.project}={revision}",)).codestreams
    assert [bool(one.prepared.drift) for one in taken] == [False, True]
    assert not any(one.prepared.drift for one in both.look(later, base=(str(revision),)).codestreams)
    with pytest.raises(InputError, match=r"--base elsewhere=1: this does not go to elsewhere"):
        both.look(later, base=("elsewhere=1",))


def test_a_codestream_that_changed_after_the_plan_stops_the_run(both: Streams) -> None:
    ours = package("ours", FIX)
    incident = both.look(ours)
    held = both.bench.files(both.fifteen)
    both.bench.obs.commit(both.fifteen.project, "hello", {**held, "late": b"x"})
    with pytest.raises(RefusalError, match=rf"{both.fifteen} changed on .* while this run was preparing"):
        both.submit(ours, incident)
    assert both.bench.server.listing(both.branch(both.twelve)) is None


def test_a_branch_that_an_earlier_run_did_not_come_to(both: Streams) -> None:
    bench = both.bench
    bench.server.branch(both.twelve, both.branch(both.twelve))
    done = both.submit(package("ours", FIX))
    assert set(done.branches) == {both.branch(both.twelve), both.branch(both.fifteen)}
    assert both.counts() == (1, 1, 1)


def test_a_declined_request_is_asked_again_only_with_words(both: Streams) -> None:
    ours = package("ours", FIX)
    first = both.submit(ours)
    both.bench.obs.need("POST", f"/request/{first.request}", "no", cmd="changestate", newstate="declined")
    assert both.look(ours).reason == f"request {first.request} for exactly these files was declined"
    second = both.submit(ours, message="Please look again")
    assert second.superseded == [first.request]
    assert both.counts() == (1, 1, 2)


def test_what_cannot_be_maintained(bench: Bench, streams: Streams) -> None:
    with pytest.raises(InputError, match="has no project no:such"):
        look(bench.server, package("x", FIX), bench.journal(), "no:such", Wishes())
    other = local({"other.spec": "Name: other\n"})
    other = Local(other.sources.__class__("other", other.sources.files))
    with pytest.raises(InputError, match="maintains no codestream of other"):
        look(bench.server, other, bench.journal(), streams.maintenance, Wishes())
    account = bench.server.user
    with pytest.raises(ServerError, match=f"{account} may not do this"):
        bench.server.mark_maintained(streams.maintenance)


def test_docker_in_both_codestreams(bench: Bench, tmp_path: Path) -> None:
    """The real definition: its archives and patches are not ours, so each codestream keeps its own of every one."""
    obs, sources = bench.obs, Application(ROOT / "specs").package("docker").sources()
    ours = Local(sources)
    assert any(one.name.endswith(".patch") for one in sources.externals)
    own = {}
    for changes in (TWELVE, FIFTEEN):
        place = Place(obs.project(), "docker")
        held = {one.name: f"{one.name} of {place.project}".encode() for one in sources.externals}
        own[place] = {**held, "docker.spec": b"Name: docker\n", "docker.changes": changes.encode()}
        obs.package(place.project, "docker", own[place])
        obs.need("POST", f"/source/{place.project}/_attribute", ATTRIBUTE)
    maintenance, journal = obs.project(), Journal("docker", tmp_path / "state")
    try:
        incident = look(bench.server, ours, journal, maintenance, Wishes())
        done = Submission(bench.server, ours, incident, journal, Wishes()).run()
        obs.need("POST", f"/request/{done.request}", "ok", cmd="changestate", newstate="accepted")
        for place, held in own.items():
            branch = bench.server.maintained_branch_name(place)
            files = obs.files(f"{maintenance}:{done.request}", branch.package)
            assert files == {
                **held,
                **{name: file.content for name, file in sources.files.items()},
                "docker.changes": sources.files["docker.changes"].content.rstrip() + b"\n\n" + held["docker.changes"],
            }
    finally:
        for place in own:
            obs.need("DELETE", f"/source/{place.project}/_attribute/OBS:Maintained")
