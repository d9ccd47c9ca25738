from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from generator.errors import RefusalError
from generator.obs import backend as module
from generator.obs.backend import Backend
from tests.conftest import require_obs


def listeners(data: Path) -> set[int]:
    """The processes that work for a private server in this folder."""
    found = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if str(data).encode() in command:
                found.add(int(process.name))
    return found


def wait_until(condition: object, seconds: float = 15) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def closed(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


def test_serves_on_loopback_alone_and_stops(tmp_path: Path) -> None:
    require_obs()
    with Backend(tmp_path / "data") as running:
        with urllib.request.urlopen(f"http://127.0.0.1:{running.source_port}/", timeout=10) as answer:
            assert b"Source Repository Server" in answer.read()
        bound = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        for port in (running.source_port, running.repository_port):
            assert {one.split(":")[0] for one in bound if one.endswith(f":{port:04X}")} >= {"0100007F"}
            assert f"00000000:{port:04X}" not in bound
        assert listeners(tmp_path / "data")
        ports = (running.source_port, running.repository_port)
    assert not listeners(tmp_path / "data")
    assert all(closed(port) for port in ports)
    assert (tmp_path / "data").exists()


def test_one_folder_serves_one_backend(tmp_path: Path) -> None:
    require_obs()
    with Backend(tmp_path / "data"), pytest.raises(RefusalError, match="another private Open Build Service"):
        Backend(tmp_path / "data").start()


def test_a_daemon_that_does_not_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_obs()
    monkeypatch.setattr(module, "CONFIGURATION", "this is not Perl {data}")
    with pytest.raises(RefusalError, match=r"did not start: bs_srcserver ended"):
        Backend(tmp_path / "data").start()
    assert not listeners(tmp_path / "data")


def test_a_machine_without_the_programs_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SERVER", tmp_path / "nowhere")
    with pytest.raises(RefusalError, match="apt-get install --no-install-recommends obs-server"):
        Backend(tmp_path / "data").start()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killing_the_owner_leaves_no_process_port_or_folder(tmp_path: Path, number: signal.Signals) -> None:
    require_obs()
    data = tmp_path / "data"
    program = (
        "import sys, time; from pathlib import Path; from generator.obs.backend import Backend\n"
        "running = Backend(Path(sys.argv[1]), temporary=True); running.start()\n"
        "print(running.source_port, flush=True); time.sleep(600)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program, str(data)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with owner:
        port = int(owner.stdout.readline())
        assert listeners(data)
        os.kill(owner.pid, number)
        owner.wait(10)
    assert wait_until(lambda: not listeners(data) and not data.exists())
    assert closed(port)
