"""Maintenance killed at any point, or met by faults, and run again: one commit to each branch and one request more."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from generator.errors import SpecgenError
from generator.submit.maintenance import Submission, look
from generator.submit.session import Local, Wishes
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, entry, local, spec
from tests.submit.kept import Kept, direct
from tests.submit.proxy import FAULTS, Proxy
from tests.submit.test_faults import check_end, ends_well, through
from tests.submit.test_killed import ROOT
from tests.submit.test_maintenance import FIX, Streams, make_codestreams

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # as in test_faults

OWN = ("Patch0: shared.patch", "Patch1: twelve.patch", "Patch2: fifteen.patch")
EXTERNALS = ("hello-1.tar", "shared.patch")
LATER = {
    "hello.spec": spec("1", "# later", *OWN),
    "hello.changes": entry(6, "More (bsc#6)") + FIX + OLD,
    "twelve.patch": "ours\n",
    "fifteen.patch": "ours\n",
}
FIRST = {**LATER, "hello.spec": spec("1", "# ours", *OWN), "hello.changes": FIX + OLD}

POINTS = {0: 60, 1: 44}
"""How many points a submission can be killed at, without another before it and with one."""
WRITES, READS = 9, 67
"""How many requests a submission after another one is made of; two of those counted as writes only look."""


def package(files: dict[str, str]) -> Local:
    return local(files, EXTERNALS)


@pytest.fixture
def later(tmp_path: Path) -> Path:
    folder = tmp_path / "later"
    folder.mkdir()
    for name, text in LATER.items():
        (folder / name).write_text(text)
    return folder


def begin(kept: Kept, before: int) -> Streams:
    """Two codestreams, after one submission or without one."""

    def prepare(bench: Bench) -> Streams:
        streams = make_codestreams(bench)
        if before:
            streams.submit(package(FIRST))
            assert streams.counts() == (1, 1, 1)
        return streams

    return kept.begin(f"maintenance after {before}", prepare)


def run(streams: Streams, folder: Path, at: int = -1) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.submit.killed", str(streams.bench.obs.oscrc), str(streams.bench.state)]
    command += [streams.maintenance, str(folder), str(at), " ".join(EXTERNALS)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def check(streams: Streams, before: int) -> None:
    """All is there once, as `before` submissions and this one leave it."""
    assert streams.counts() == (before + 1, before + 1, before + 1)
    requests = streams.bench.server.requests(source=streams.branch(streams.twelve))
    assert [one.state for one in requests] == ["superseded"] * before + ["new"]
    assert all(len(one.sources) == 2 for one in requests)
    for origin in (streams.twelve, streams.fifteen):
        held = streams.bench.files(streams.branch(origin))
        assert {name: held[name].decode() for name in LATER if name != "hello.changes"} == {
            name: text for name, text in LATER.items() if name != "hello.changes"
        }
        assert held["hello.changes"].endswith(streams.bench.files(origin)["hello.changes"])
        assert held["shared.patch"] == streams.bench.files(origin)["shared.patch"]
    journal = streams.bench.journal()
    for place in (streams.twelve.project, streams.fifteen.project, streams.maintenance):
        assert journal.unfinished(streams.bench.server.url, place, "hello") == []


def killed_and_again(streams: Streams, later: Path, at: int, before: int) -> None:
    assert run(streams, later, at).returncode == -signal.SIGKILL
    again = run(streams, later)
    assert again.returncode == 0, again.stderr
    check(streams, before)


@pytest.mark.parametrize(("before", "points"), POINTS.items())
def test_there_are_no_more_points(kept: Kept, later: Path, before: int, points: int) -> None:
    whole = run(begin(kept, before), later)
    assert whole.returncode == 0, whole.stderr
    assert int(whole.stdout) == points


def test_killed_around_a_commit_and_the_request(kept: Kept, later: Path) -> None:
    """Points at which something has happened on the server that the journal does not know yet; the others are live."""
    whole = begin(kept, 1)
    assert run(whole, later).returncode == 0
    lines = whole.bench.journal().lines()
    mine = [line for line in lines if line["run"] == lines[-1]["run"]]
    after = [
        2 * at for at, line in enumerate(mine) if line["phase"] == "after" and line["step"] in ("commit", "request")
    ]
    assert len(after) == 3
    for at in after[1:]:
        killed_and_again(begin(kept, 1), later, at, 1)


@pytest.mark.live
@pytest.mark.parametrize(("before", "at"), [(before, at) for before, points in POINTS.items() for at in range(points)])
def test_killed_at_every_point(kept: Kept, later: Path, before: int, at: int) -> None:
    killed_and_again(begin(kept, before), later, at, before)


def submit(streams: Streams, server: object) -> None:
    journal = streams.bench.journal()
    incident = look(server, package(LATER), journal, streams.maintenance, Wishes())
    assert not any(one.prepared.drift for one in incident.codestreams)
    Submission(server, package(LATER), incident, journal, Wishes(), streams.bench.told.append).run()


def conversation(streams: Streams, folder: Path) -> list[str]:
    """The requests of one undisturbed submission."""
    proxy = Proxy(streams.bench.obs.url)
    submit(streams, through(streams.bench, proxy, folder))
    proxy.close()
    return proxy.seen


@pytest.fixture(scope="session")
def seen(kept: Kept, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return conversation(begin(kept, 1), tmp_path_factory.mktemp("conversation"))


def meet(streams: Streams, folder: Path, fault: str, at: int, before: int) -> str:
    """One case; gives how the first run ended."""
    bench = streams.bench
    proxy = Proxy(bench.obs.url, fault, at, delay=2.0)
    server = through(bench, proxy, folder)
    try:
        submit(streams, server)
        ended = "well"
    except SpecgenError as error:
        assert error.exit_code in (2, 3, 4), error  # noqa: PT017  success is an end as well
        ended = str(error)
    proxy.wait_until_idle()
    proxy.close()
    check_end(ended, fault, proxy.seen[at])
    bench.server = direct(bench)
    submit(streams, bench.server)
    check(streams, before)
    return ended


def test_writes_meet_the_worst_faults(kept: Kept, tmp_path: Path) -> None:
    seen = conversation(begin(kept, 0), tmp_path)
    once = [at for at, line in enumerate(seen) if "cmd=branch&" in line or "cmd=create" in line]
    writes = [at for at in once if "dryrun" not in seen[at]]
    assert len(writes) == 2, [seen[at] for at in writes]  # branching all, and the request
    for at in writes:
        assert meet(begin(kept, 0), tmp_path, "lose-answer", at, 0) == "well"


def split(seen: list[str]) -> tuple[list[int], list[int]]:
    """Which requests are sent as writes (two of them only look), and which are reads."""
    writes = [at for at, line in enumerate(seen) if not line.startswith("GET")]
    return writes, [at for at in range(len(seen)) if at not in writes]


def fault_of_read(at: int) -> str:
    return "drop" if at % 2 else "503"


@pytest.mark.live
def test_there_are_no_more_requests(seen: list[str]) -> None:
    writes, reads = split(seen)
    assert (len(writes), len(reads)) == (WRITES, READS)
    required = [ends_well(fault, seen[at]) for at in writes for fault in FAULTS]
    required += [ends_well(fault_of_read(at), seen[at]) for at in reads]
    assert required.count(True) > len(required) // 3


@pytest.mark.live
@pytest.mark.parametrize(("number", "fault"), [(number, fault) for number in range(WRITES) for fault in FAULTS])
def test_every_write_meets_every_fault(kept: Kept, tmp_path: Path, seen: list[str], number: int, fault: str) -> None:
    meet(begin(kept, 1), tmp_path, fault, split(seen)[0][number], 1)


@pytest.mark.live
@pytest.mark.parametrize("number", range(READS))
def test_every_read_meets_a_fault(kept: Kept, tmp_path: Path, seen: list[str], number: int) -> None:
    at = split(seen)[1][number]
    meet(begin(kept, 1), tmp_path, fault_of_read(at), at, 1)
