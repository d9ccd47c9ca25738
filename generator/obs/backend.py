"""A private Open Build Service backend: Debian's own daemons, loopback only, data in a folder of your choice.

The daemons are the real ones. What Debian does not package is the front end; `generator.obs.gateway` stands in for it.
Anybody with an account on this machine can reach the backend's ports, as the backend itself knows no passwords.
"""

from __future__ import annotations

import contextlib
import fcntl
import grp
import json
import os
import platform
import pwd
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from generator.errors import RefusalError

SERVER = Path("/usr/lib/obs/server")
BUILD_SCRIPTS = Path("/usr/lib/obs-build")
PACKAGES = "obs-server createrepo-c"
BUILD_PACKAGES = "obs-worker obs-build"
ARCHITECTURE = platform.machine()
APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc")
"""How a supervisor of builds is started: with namespaces of its own, so that the kernel ends all that a build started
and takes all its mounts away when the supervisor ends, however it ends."""
ATTEMPTS = 3  # a port found free may be taken before the daemon binds it

CONFIGURATION = """\
package BSConfig;
# The daemons bind every address they have; here that is the loopback address.
BEGIN {{ require Socket; no warnings; *Socket::INADDR_ANY = \\&Socket::INADDR_LOOPBACK; }}
our $ipaccess = {{ '127\\..*' => 'rw,worker' }};
our $srcserver = 'http://127.0.0.1:{source}';
our $reposerver = 'http://127.0.0.1:{repository}';
# No source service runs here: without a server for them, and in the old style, none is waited for either. (This backend
# does not know the mode "manual" and would run those as well.)
our $old_style_services = 1;
our $bsdir = '{data}';
our $rundir = "$bsdir/run";
our $logdir = "$bsdir/log";
our ($bsuser, $bsgroup, $bsserviceuser, $bsservicegroup) = ('{user}', '{group}', '{user}', '{group}');
our $nosharedtrees = 2;
our $packtrack = [];
our $sign_project = 0;
our $servicedispatch = 0;
our $disable_data_sync = 1;
our $relsync_pool = {{ 'local' => 'local', '{architecture}' => '{architecture}' }};
our $createrepo = '/usr/bin/createrepo_c';
our $modifyrepo = '/usr/bin/modifyrepo_c';
# A process for every call: taking its whole interpreter apart at its end, when it has answered and closed its files,
# takes as long as the call.
END {{ close(STDOUT); POSIX::_exit($?) if $INC{{'POSIX.pm'}}; }}
1;
"""


def missing_programs(*, builds: bool = False) -> str:
    """The distribution packages that a private backend needs and this machine lacks, or an empty string."""
    complete = (SERVER / "bs_srcserver").exists() and shutil.which("createrepo_c") and shutil.which("perl")
    lacking = "" if complete else PACKAGES
    if builds and not ((SERVER / "bs_worker").exists() and BUILD_SCRIPTS.exists()):
        lacking = f"{lacking} {BUILD_PACKAGES}".strip()
    return lacking


def free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _require_namespaces() -> None:
    if os.geteuid() != 0:
        raise RefusalError("building needs root: the worker mounts and changes its root", hint="run this as root")
    tried = subprocess.run([*APART, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise RefusalError(f"building needs namespaces and mounts of its own: {tried.stderr.strip()}")


class Backend:
    """One private backend. A context manager; `start` and `stop` by hand do the same.

    With `builds` the scheduler, the dispatcher, the publisher and one worker run too. The worker needs root: it mounts
    and changes its root.
    With `temporary` the data folder is removed at the end, even when this process is killed.
    """

    def __init__(self, data: Path, *, builds: bool = False, temporary: bool = False) -> None:
        self.data = data.resolve()
        self.builds = builds
        self.temporary = temporary
        self.source_port = 0
        self.repository_port = 0
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    @property
    def logs(self) -> Path:
        """Where the daemons log."""
        return self.data / "backend" / "log"

    def start(self) -> None:
        """Start the daemons and return when they answer.

        Raises:
            RefusalError: this machine lacks the programs, another backend uses the folder, or they do not start.
        """
        lacking = missing_programs(builds=self.builds)
        if lacking:
            raise RefusalError(
                "a private Open Build Service needs the real backend, which this machine lacks",
                hint=f"apt-get install --no-install-recommends {lacking}",
            )
        if self.builds:
            _require_namespaces()
        for folder in (self.data / "configuration", self.data / "backend" / "run", self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        self._forget_jobs()
        problem = ""
        for _ in range(ATTEMPTS):
            problem = self._try()
            if not problem:
                return
        self.stop()
        raise RefusalError(f"the private Open Build Service did not start: {problem}", hint=f"see {self.logs}")

    def stop(self) -> None:
        """Stop every daemon and wait until all are gone. Does nothing when none runs."""
        self._dismiss()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Backend:
        """Start."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop."""
        self.stop()

    def _dismiss(self) -> None:
        if self._supervisor is not None:
            for pipe in (self._supervisor.stdin, self._supervisor.stdout):
                if pipe is not None:
                    pipe.close()
            self._supervisor.wait()
            self._supervisor = None

    def _take_lock(self) -> None:
        lock = (self.data / "lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise RefusalError(
                f"{self.data}: another private Open Build Service uses this folder", hint="choose another with --data"
            ) from None
        self._lock = lock

    def _forget_jobs(self) -> None:
        """Take away the jobs of an earlier run: they name its ports, and its worker. The scheduler makes them anew."""
        for name in ("jobs", "workers"):
            shutil.rmtree(self.data / "backend" / name, ignore_errors=True)

    def _try(self) -> str:
        self.source_port, self.repository_port = free_ports(2)
        (self.data / "configuration" / "BSConfig.pm").write_text(
            CONFIGURATION.format(
                source=self.source_port,
                repository=self.repository_port,
                data=self.data / "backend",
                user=pwd.getpwuid(os.geteuid()).pw_name,
                architecture=ARCHITECTURE,
                group=grp.getgrgid(os.getegid()).gr_name,
            ),
            encoding="utf-8",
        )
        orders = {
            "commands": self._commands(),
            "clients": self._clients(),
            "directory": str(SERVER),
            "logs": str(self.logs),
            "ports": [self.source_port, self.repository_port],
            "mounts_below": str(self.data),
            "remove": str(self.data) if self.temporary else "",
        }
        supervisor = subprocess.Popen(
            [
                *(APART if self.builds else ()),
                sys.executable,
                "-I",
                "-S",
                str(Path(__file__).with_name("supervisor.py")),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._supervisor = supervisor
        cast("IO[bytes]", supervisor.stdin).write(json.dumps(orders).encode() + b"\n")
        cast("IO[bytes]", supervisor.stdin).flush()
        answer = cast("IO[bytes]", supervisor.stdout).readline().decode().strip()
        if answer == "ready":
            return ""
        self._dismiss()
        return answer.removeprefix("failed ") or "its supervisor ended"

    def _commands(self) -> list[tuple[str, list[str]]]:
        return [self._daemon("bs_srcserver"), self._daemon("bs_repserver")]

    def _clients(self) -> list[tuple[str, list[str]]]:
        if not self.builds:
            return []
        return [
            self._daemon("bs_sched", ARCHITECTURE),
            self._daemon("bs_dispatch"),
            self._daemon("bs_publish"),
            self._daemon("bs_worker", *self._worker_arguments()),
        ]

    def _daemon(self, name: str, *arguments: str) -> tuple[str, list[str]]:
        return name, ["perl", f"-I{self.data / 'configuration'}", "-MBSConfig", str(SERVER / name), *arguments]

    def _worker_arguments(self) -> list[str]:
        worker = self.data / "worker"
        (worker / "root").mkdir(parents=True, exist_ok=True)
        (worker / "state").mkdir(exist_ok=True)
        scripts = worker / "state" / "build"
        if not scripts.is_symlink():
            scripts.symlink_to(BUILD_SCRIPTS)
        return [
            *("--root", str(worker / "root"), "--statedir", str(worker / "state")),
            *("--srcserver", f"http://127.0.0.1:{self.source_port}"),
            *("--reposerver", f"http://127.0.0.1:{self.repository_port}"),
            *("--id", "local:1", "--hostlabel", "chroot", "--jobs", "2", "--nocodeupdate"),
        ]
