"""A rehearsal leaves no process, port, folder or mount behind, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import require_obs
from tests.obs.test_backend import closed, listeners, wait_until
from tests.submit.hello import OLD, entry

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("after", ["rehearsing on", "… upload"])
def test_interrupted_or_killed(tmp_path: Path, number: signal.Signals, after: str) -> None:
    require_obs()
    package = tmp_path / "hello"
    package.mkdir()
    (package / "hello.changes").write_text(entry(1, "Change") + OLD)
    (package / "hello.spec").write_text("Name: hello\nVersion: 1\nRelease: 0\nSummary: x\nLicense: MIT\n%description\n")
    for extra in range(20):
        (package / f"file{extra}").write_text(f"{extra}\n")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch), "OSC_CONFIG": str(tmp_path / "none"), "PYTHONUNBUFFERED": "1"}
    program = (
        "import sys; from pathlib import Path; from generator.cli.application import Application\n"
        "from generator.obs.records import Place; from generator.submit.rehearsal import stage\n"
        "from generator.submit.session import Local, Wishes\n"
        "with stage() as private:\n"
        "    print('rehearsing on', private.private.url, flush=True)\n"
        "    local = Local(Application(Path('specs')).package(sys.argv[1]).sources())\n"
        "    private.furnish(Place('any:project', 'hello'), None)\n"
        "    tell = lambda words: print('…', words, flush=True)\n"
        "    private.play(private.prepare(local, Place('any:project', 'hello'), Wishes()), tell)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(package)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as run:
        port = 0
        for line in run.stdout:
            if line.startswith("rehearsing on"):
                port = urlsplit(line.split()[-1]).port
            if line.startswith(after):
                break
        assert port
        assert listeners(scratch)
        run.send_signal(number)
        run.wait(15)
    assert wait_until(lambda: not listeners(scratch) and not list(scratch.glob("specgen-obs-*")))
    assert closed(port)
    assert str(scratch) not in Path("/proc/self/mounts").read_text()


def test_it_ends_by_itself(tmp_path: Path) -> None:
    from generator.obs.records import Place
    from generator.submit.rehearsal import stage
    from generator.submit.session import Wishes
    from tests.submit.hello import local

    require_obs()
    package = local({"hello.spec": "Name: hello\n", "hello.changes": OLD})
    place = Place("any:project", "hello")
    with stage() as private:
        folder = private.private.data
        private.furnish(place, None)
        done = private.play(private.prepare(package, place, Wishes()))
        assert done.request == 1
        assert "+Name: hello" in done.diff
    begun = time.monotonic()
    assert not folder.exists()
    assert not listeners(folder)
    assert time.monotonic() - begun < 5
