"""What scripts/setup does to a machine: packages bring no daemons that nobody asked for.

The script runs in a sandbox with the real /usr, but with folders of its own where daemons are enabled and kept from
starting; apt-get, dpkg-query -W and systemctl are played. To install obs-server is to run its real postinst.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import require_obs

ROOT = Path(__file__).parent.parent
POLICY = "policy-rc.d"
PLAYED = {
    "dpkg-query": """\
        case $1 in
        -W) case " $PRESENT " in *" $4 "*) echo installed ;; esac ;;
        -L) exec /usr/bin/dpkg-query "$@" ;;
        esac""",
    "apt-cache": "exit 0",
    "apt-get": """\
        echo "apt-get $*" >>"$LOG"
        case $* in *obs-server*) ;; *) exit 0 ;; esac

        for unit in obsidian cron; do
          ln -s /lib/systemd/system/x /etc/systemd/system/multi-user.target.wants/$unit.service
          deb-systemd-invoke start $unit.service
        done
        DPKG_MAINTSCRIPT_PACKAGE=obs-server sh /var/lib/dpkg/info/obs-server.postinst configure
        ls /etc/systemd/system/multi-user.target.wants >"$LOG.enabled"
        /usr/sbin/policy-rc.d --quiet obsworker start 5; echo "obsworker $?" >>"$LOG"
        $THEN""",
    "systemctl": """\
        case $* in
        *is-enabled*) echo enabled ;;
        *is-active*) exit 1 ;;
        *) echo "systemctl $*" >>"$LOG" ;;
        esac""",
    "sudo": 'exec "$@"',
}
ALL = (
    "python3 python3-venv python3-rpm rpm bubblewrap createrepo-c git gcc busybox-static devscripts patch cpio xz-utils"
    " make file fish zsh systemd-standalone-sysusers obs-build"
)


class Machine:
    """A checkout and what the script may change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkout = folder / "checkout"
        (self.checkout / "scripts").mkdir(parents=True)
        (self.checkout / ".venv" / "bin").mkdir(parents=True)
        shutil.copy(ROOT / "scripts" / "setup", self.checkout / "scripts" / "setup")
        shutil.copy(ROOT / "pyproject.toml", self.checkout)
        self.sbin = folder / "sbin"
        self.wants = folder / "systemd" / "system" / "multi-user.target.wants"
        self.wants.mkdir(parents=True)
        self.sbin.mkdir()
        self.hidden = {"/usr/sbin": self.sbin, "/etc/systemd": folder / "systemd"}
        for name in ("/srv", "/var/lib/systemd"):
            self.hidden[name] = folder / "var" / Path(name).name
            self.hidden[name].mkdir(parents=True)
        for path, text in {
            **{f"bin/{name}": text for name, text in PLAYED.items()},
            "checkout/.venv/bin/python": "exit 0",
        }.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(f"#!/bin/sh\n{text}\n")
            (folder / path).chmod(0o755)

    def begin(self, present: str = ALL, then: str = "") -> subprocess.Popen[str]:
        sandbox = ["bwrap", "--dev-bind", "/", "/", "--die-with-parent", "--unshare-pid", "--proc", "/proc"]
        sandbox += [word for name, mine in self.hidden.items() for word in ("--bind", str(mine), name)]
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "LOG": str(self.folder / "log"),
            "PRESENT": present,
            "THEN": then,
        }
        command = [*sandbox, str(self.checkout / "scripts" / "setup")]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)

    def run(self, present: str = ALL, then: str = "") -> tuple[int, str]:
        with self.begin(present, then) as run:
            _, err = run.communicate(timeout=60)
        return run.returncode, err

    @property
    def log(self) -> list[str]:
        return (self.folder / "log").read_text().splitlines() if (self.folder / "log").exists() else []

    @property
    def enabled(self) -> set[str]:
        return {path.name for path in self.wants.iterdir()}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    require_obs(builds=True)
    if not Path("/var/lib/dpkg/info/obs-server.postinst").exists() or not shutil.which("bwrap"):
        pytest.skip("no Debian")
    return Machine(tmp_path)


def test_daemons_are_kept_off_and_the_policy_goes(machine: Machine) -> None:
    code, err = machine.run()
    assert code == 0, err
    started = [line for line in machine.log if line.startswith("systemctl") and " start " in line]
    assert started == ["systemctl --quiet --system start cron.service"]
    meanwhile = (machine.folder / "log.enabled").read_text().split()
    assert {"obssrcserver.service", "obsscheduler@x86_64.service"} <= set(meanwhile)
    assert "obsworker 101" in machine.log
    assert machine.enabled == {"obsidian.service", "cron.service"}, "only what belongs to the packages is disabled"
    assert list(machine.sbin.iterdir()) == []
    assert "The daemons of obs-server obs-worker stay off" in err


def test_only_these_packages_are_installed_under_the_policy(machine: Machine) -> None:
    code, err = machine.run(ALL.replace("git", ""))
    assert code == 0, err
    installed = [line.rpartition("recommends ")[2] for line in machine.log if " install " in line]
    assert installed == ["git", "obs-server obs-worker"]


@pytest.mark.parametrize("verdict", [0, 101])
def test_a_policy_of_the_machine_stays(machine: Machine, verdict: int) -> None:
    theirs = machine.sbin / POLICY
    theirs.write_text(f"#!/bin/sh\nexit {verdict}\n")
    theirs.chmod(0o755)
    code, err = machine.run()
    assert code == 0, err
    assert theirs.read_text() == f"#!/bin/sh\nexit {verdict}\n"
    assert machine.enabled == {"obsidian.service", "cron.service"}


def test_what_a_killed_run_left_is_taken_away(machine: Machine) -> None:
    with machine.begin(then="sleep 30") as run:
        wait_for(lambda: "obsworker 101" in machine.log)
        run.kill()
    assert (machine.sbin / POLICY).exists()
    assert machine.run()[0] == 0
    assert list(machine.sbin.iterdir()) == []


def test_a_failure_takes_the_policy_away(machine: Machine) -> None:
    code, _ = machine.run(then="exit 100")
    assert code == 100
    assert "obsworker 101" in machine.log
    assert list(machine.sbin.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_takes_the_policy_away(machine: Machine, number: signal.Signals) -> None:
    with machine.begin(then="sleep 30") as run:
        wait_for(lambda: "obsworker 101" in machine.log)
        assert (machine.sbin / POLICY).exists()
        for pid in children(run.pid):  # a terminal interrupts everything that runs in it
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        assert run.wait(30) != 0
    assert list(machine.sbin.iterdir()) == []


def test_nothing_is_done_where_the_packages_are(machine: Machine) -> None:
    (machine.wants / "obssrcserver.service").symlink_to("/lib/systemd/system/x")
    code, err = machine.run(f"{ALL} obs-server obs-worker")
    assert code == 0, err
    assert machine.log == []
    assert machine.enabled == {"obssrcserver.service"}


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*found, *(deeper for one in found for deeper in children(one))]
