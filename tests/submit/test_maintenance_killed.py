"""Maintenance killed at any point, or met by faults, and run again: one commit to each branch and one request more."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generator.errors import SpecgenError
from generator.submit.maintenance import Submission, look
from generator.submit.session import Local, Wishes
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, entry, local, spec
from tests.submit.proxy import FAULTS, Proxy
from tests.submit.test_faults import direct, through
from tests.submit.test_killed import ROOT
from tests.submit.test_maintenance import FIX, Streams, codestreams

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


def package(files: dict[str, str]) -> Local:
    return local(files, EXTERNALS)


@pytest.fixture
def later(tmp_path: Path) -> Path:
    folder = tmp_path / "later"
    folder.mkdir()
    for name, text in LATER.items():
        (folder / name).write_text(text)
    return folder


Cases = Callable[[str], "Streams"]


@pytest.fixture
def begin(make_bench: Callable[[], Bench], tmp_path: Path) -> Iterator[Callable[[str], Streams]]:
    """Begin a case of this name, after a first submission; what the case before it left is taken away."""
    opened: list[object] = []

    def make(name: str, *, before: bool = True) -> Streams:
        while opened:
            opened.pop().__exit__(None, None, None)
        bench = make_bench()
        bench.state = tmp_path / f"state-{name}"
        manager = codestreams(bench)
        streams = manager.__enter__()
        opened.append(manager)
        if before:
            streams.submit(package(FIRST))
            assert streams.counts() == (1, 1, 1)
        return streams

    yield make
    while opened:
        opened.pop().__exit__(None, None, None)


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


def test_killed_around_a_commit_and_the_request(begin: Cases, later: Path) -> None:
    """Points at which something has happened on the server that the journal does not know yet; the others are live."""
    whole = begin("whole")
    assert run(whole, later).returncode == 0
    lines = whole.bench.journal().lines()
    mine = [line for line in lines if line["run"] == lines[-1]["run"]]
    after = [
        2 * at for at, line in enumerate(mine) if line["phase"] == "after" and line["step"] in ("commit", "request")
    ]
    assert len(after) == 3
    for at in after[1:]:
        killed_and_again(begin(str(at)), later, at, 1)


@pytest.mark.live
@pytest.mark.parametrize("before", [0, 1])
def test_killed_at_every_point(begin: Cases, later: Path, before: int) -> None:
    whole = begin("whole", before=bool(before))
    done = run(whole, later)
    assert done.returncode == 0, done.stderr
    count = int(done.stdout)
    for at in range(count):
        killed_and_again(begin(str(at), before=bool(before)), later, at, before)
    print(f"{count} points of a maintenance submission after {before}")


def submit(streams: Streams, server: object) -> None:
    journal = streams.bench.journal()
    incident = look(server, package(LATER), journal, streams.maintenance, Wishes())
    assert not any(one.prepared.drift for one in incident.codestreams)
    Submission(server, package(LATER), incident, journal, Wishes(), streams.bench.told.append).run()


def conversation(streams: Streams, folder: Path) -> list[str]:
    proxy = Proxy(streams.bench.obs.url)
    submit(streams, through(streams.bench, proxy, folder))
    proxy.close()
    direct(streams.bench)
    return proxy.seen


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
        assert "Done before: " in ended or "nothing was sent" in ended, ended
    proxy.wait_until_idle()
    proxy.close()
    bench.server = direct(bench)
    submit(streams, bench.server)
    check(streams, before)
    return ended


def test_writes_meet_the_worst_faults(begin: Cases, tmp_path: Path) -> None:
    seen = conversation(begin("whole", before=False), tmp_path)
    once = [at for at, line in enumerate(seen) if "cmd=branch&" in line or "cmd=create" in line]
    writes = [at for at in once if "dryrun" not in seen[at]]
    assert len(writes) == 2, [seen[at] for at in writes]  # branching all, and the request
    for at in writes:
        assert meet(begin(f"lose-{at}", before=False), tmp_path, "lose-answer", at, 0) == "well"


@pytest.mark.live
def test_every_write_meets_every_fault(begin: Cases, tmp_path: Path) -> None:
    seen = conversation(begin("whole"), tmp_path)
    writes = [at for at, line in enumerate(seen) if not line.startswith("GET")]
    cases = [(fault, at) for at in writes for fault in FAULTS]
    reads = [at for at in range(len(seen)) if at not in writes]
    cases += [("drop" if at % 2 else "503", at) for at in reads]
    ends = [meet(begin(f"{fault}-{at}"), tmp_path, fault, at, 1) for fault, at in cases]
    well = ends.count("well")
    print(f"{len(cases)} cases: {well} ended well, {len(cases) - well} with a message; {len(seen)} requests")
    assert well > len(cases) // 3
