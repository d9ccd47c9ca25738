from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import require_obs

SERVE = [sys.executable, "-c", "from generator.cli.obs import obs; obs()", "serve"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_gives_a_working_configuration_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    require_obs()
    data = tmp_path / "data"
    with subprocess.Popen([*SERVE, "--data", str(data)], stdout=subprocess.PIPE, text=True) as served:
        lines = [served.stdout.readline() for _ in range(5)]
        assert lines[-1] == "interrupt to stop\n"
        configuration = lines[1].rpartition("OSC_CONFIG=")[2].strip()
        assert Path(configuration).stat().st_mode & 0o777 == 0o600
        osc = [str(Path(sys.executable).with_name("osc")), "--config", configuration, "whois"]
        told = subprocess.run(osc, capture_output=True, text=True, timeout=60, check=False)
        assert "packager@example.org" in told.stdout, told.stderr
        served.send_signal(number)
        assert served.stdout.read() == "stopped\n"
    assert served.returncode == 0
    assert (data / "gateway" / "accounts.json").exists()
