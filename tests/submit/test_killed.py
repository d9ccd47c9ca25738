"""Killed at any point and run again: exactly one commit and one request more than before."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from generator.errors import RefusalError
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, entry, local, spec
from tests.submit.kept import Kept

ROOT = Path(__file__).parent.parent.parent
POINTS = {0: 26, 1: 26}
"""How many points a submission can be killed at, without another before it and with one."""


def run(bench: Bench, folder: Path, at: int = -1) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.submit.killed", str(bench.obs.oscrc), str(bench.state)]
    return subprocess.run(
        [*command, bench.target.project, str(folder), str(at)], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """What is submitted second: one changed file, one new one, a new entry."""
    folder = tmp_path / "later"
    folder.mkdir()
    (folder / "hello.spec").write_text(spec("1", "# later"))
    (folder / "hello.changes").write_text(entry(2, "More") + entry(1, "Change") + OLD)
    return folder


def after_one(bench: Bench) -> Bench:
    """One submission is behind it, so that the next one has a request to supersede."""
    bench.submit(
        local({"hello.spec": spec("1", "# ours"), "hello.changes": entry(1, "Change") + OLD}, ("hello-1.tar",))
    )
    assert bench.counts() == (1, 1)
    return bench


def begin(kept: Kept, before: int) -> Bench:
    return kept.begin("later", after_one) if before else kept.begin("first", lambda bench: bench)


def check(bench: Bench, before: tuple[int, int], folder: Path) -> None:
    again = run(bench, folder)
    assert again.returncode == 0, again.stderr
    assert bench.counts() == (before[0] + 1, before[1] + 1)
    requests = bench.server.requests(source=bench.branch)
    assert [one.state for one in requests] == ["superseded"] * before[1] + ["new"]
    assert bench.files(bench.branch)["hello.spec"] == (folder / "hello.spec").read_bytes()


@pytest.mark.parametrize(("before", "points"), POINTS.items())
def test_there_are_no_more_points(kept: Kept, later: Path, before: int, points: int) -> None:
    whole = run(begin(kept, before), later)
    assert whole.returncode == 0, whole.stderr
    assert int(whole.stdout) == points


@pytest.mark.live
@pytest.mark.parametrize(("before", "at"), [(before, at) for before, points in POINTS.items() for at in range(points)])
def test_killed_at_every_point(kept: Kept, later: Path, before: int, at: int) -> None:
    bench = begin(kept, before)
    assert run(bench, later, at).returncode == -signal.SIGKILL
    check(bench, (before, before), later)


def test_killed_around_the_commit_and_the_request(kept: Kept, later: Path) -> None:
    """The points at which something has happened on the server that the journal does not know yet."""
    whole = begin(kept, 1)
    assert run(whole, later).returncode == 0
    lines = [line for line in whole.journal().lines() if line["run"] == whole.journal().lines()[-1]["run"]]
    after = [
        2 * number
        for number, line in enumerate(lines)
        if line["phase"] == "after" and line["step"] in ("commit", "request", "supersede")
    ]
    assert len(after) == 3
    for at in after:
        bench = begin(kept, 1)
        assert run(bench, later, at).returncode == -signal.SIGKILL
        check(bench, (1, 1), later)


def test_a_second_run_stops_while_the_first_is_under_way(bench: Bench) -> None:
    second = bench.journal()
    with (
        bench.journal().lock(),
        pytest.raises(RefusalError, match=r"another run .* is submitting hello"),
        second.lock(),
    ):
        pytest.fail("both got in")


def test_two_runs_at_once(bench: Bench, later: Path) -> None:
    command = [sys.executable, "-m", "tests.submit.killed", str(bench.obs.oscrc), str(bench.state)]
    command += [bench.target.project, str(later), "-1"]
    both = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in "ab"
    ]
    said = [one.communicate(timeout=60)[1] for one in both]
    assert 0 in [one.returncode for one in both]
    assert all(one.returncode == 0 or "another run" in words for one, words in zip(both, said, strict=True)), said
    assert bench.counts() == (1, 1)
