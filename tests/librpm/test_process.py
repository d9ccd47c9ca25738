from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from generator.librpm.process import Process, StartError
from generator.librpm.sandbox import Limits


def members(session: int) -> list[str]:
    """The processes of a session that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, sid = path.read_text().rpartition(")")[2].split()[:4]
        except OSError:  # it has ended meanwhile
            continue
        if int(sid) == session and state != "Z":
            found.append(path.parent.name)
    return found


def test_a_reader_that_is_ended_while_it_starts_leaves_nothing() -> None:
    sessions = []
    for number in range(120):
        try:
            process = Process(Limits(), sandboxed=True)
        except StartError as error:
            if not os.environ.get("CI"):
                pytest.skip(str(error))  # a developer's machine without bubblewrap
            raise
        sessions.append(process.pid)
        time.sleep(number % 24 / 4000)  # up to 6 ms: bubblewrap is somewhere in its set-up
        process.kill()
    time.sleep(0.2)
    assert [members(session) for session in sessions if members(session)] == []


def test_an_interrupt_before_it_knows_its_targets_leaves_nothing() -> None:
    def children() -> set[int]:
        return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))

    def expected() -> tuple[()]:
        pids.update(children() - others)
        raise KeyboardInterrupt

    pids: set[int] = set()
    others = children()
    try:
        Process(Limits(), sandboxed=True, expected=expected)
    except StartError as error:
        if not os.environ.get("CI"):
            pytest.skip(str(error))
        raise
    except KeyboardInterrupt:
        assert pids
        time.sleep(0.2)
        assert [members(pid) for pid in pids if members(pid)] == []
    else:
        pytest.fail("it swallowed the interrupt")
