"""Killed at any point and run again: exactly one commit and one request more than before."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.errors import RefusalError
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, entry, local, spec

ROOT = Path(__file__).parent.parent.parent


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


def begin(make_bench: Callable[[], Bench], state: Path) -> Bench:
    """A bench with one submission behind it, so that the next one has a request to supersede."""
    bench = make_bench()
    bench.state = state
    bench.submit(
        local({"hello.spec": spec("1", "# ours"), "hello.changes": entry(1, "Change") + OLD}, ("hello-1.tar",))
    )
    assert bench.counts() == (1, 1)
    return bench


def check(bench: Bench, before: tuple[int, int], folder: Path) -> None:
    again = run(bench, folder)
    assert again.returncode == 0, again.stderr
    assert bench.counts() == (before[0] + 1, before[1] + 1)
    requests = bench.server.requests(source=bench.branch)
    assert [one.state for one in requests] == ["superseded"] * before[1] + ["new"]
    assert bench.files(bench.branch)["hello.spec"] == (folder / "hello.spec").read_bytes()


def points(make_bench: Callable[[], Bench], tmp_path: Path, later: Path) -> int:
    bench = begin(make_bench, tmp_path / "whole")
    whole = run(bench, later)
    assert whole.returncode == 0, whole.stderr
    return int(whole.stdout)


@pytest.mark.live
def test_killed_at_every_point_of_a_later_submission(
    make_bench: Callable[[], Bench], tmp_path: Path, later: Path
) -> None:
    count = points(make_bench, tmp_path, later)
    for at in range(count):
        bench = begin(make_bench, tmp_path / f"state{at}")
        assert run(bench, later, at).returncode == -signal.SIGKILL
        check(bench, (1, 1), later)
    print(f"{count} points of a submission that supersedes")


@pytest.mark.live
def test_killed_at_every_point_of_a_first_submission(
    make_bench: Callable[[], Bench], tmp_path: Path, later: Path
) -> None:
    bench = make_bench()
    bench.state = tmp_path / "whole"
    count = int(run(bench, later).stdout)
    for at in range(count):
        bench = make_bench()
        bench.state = tmp_path / f"state{at}"
        assert run(bench, later, at).returncode == -signal.SIGKILL
        check(bench, (0, 0), later)
    print(f"{count} points of a first submission")


def test_killed_around_the_commit_and_the_request(make_bench: Callable[[], Bench], tmp_path: Path, later: Path) -> None:
    """The points at which something has happened on the server that the journal does not know yet."""
    whole = begin(make_bench, tmp_path / "whole")
    assert run(whole, later).returncode == 0
    lines = [line for line in whole.journal().lines() if line["run"] == whole.journal().lines()[-1]["run"]]
    after = [
        2 * number
        for number, line in enumerate(lines)
        if line["phase"] == "after" and line["step"] in ("commit", "request", "supersede")
    ]
    assert len(after) == 3
    for at in after:
        bench = begin(make_bench, tmp_path / f"state{at}")
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
