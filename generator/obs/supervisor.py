"""The process that owns a private backend's daemons: they live exactly as long as the pipe on its standard input.

It runs by its path, with the standard library alone. Whoever started it may stop it by closing the pipe, or may be
killed, which closes the pipe as well: in both cases every daemon goes, every mount below the data folder is taken
away, and the folder itself if it was a temporary one. It is in a session of its own, so that an interrupt typed at a
terminal reaches only the command that the terminal runs.

Standard input: one line of JSON (see `Orders`), then nothing until the end of the file.
Standard output: `ready`, or `failed` and why.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TypedDict

START_SECONDS = 60.0
STOP_SECONDS = 5.0
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


class Orders(TypedDict):
    """What to run: commands with a name each, where they log, the ports that must answer, what to remove at the end.

    `clients` are commands that only start once the ports answer: a worker registers once and does not ask again soon.
    Nothing is removed after a failed start: the logs tell why.
    """

    commands: list[tuple[str, list[str]]]
    clients: list[tuple[str, list[str]]]
    directory: str
    logs: str
    ports: list[int]
    mounts_below: str
    remove: str


class StopError(Exception):
    """A signal asked for the end."""


def die_with_parent() -> None:
    """In a new child: be killed when the supervisor dies without having been able to stop it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(orders: Orders, commands: list[tuple[str, list[str]]]) -> list[subprocess.Popen[bytes]]:
    """Start commands, each in a session of its own."""
    started = []
    for name, command in commands:
        with (Path(orders["logs"]) / f"{name}.log").open("ab") as log:
            started.append(
                subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=orders["directory"],
                    start_new_session=True,
                    preexec_fn=die_with_parent,  # noqa: PLW1509  this process has one thread
                )
            )
    return started


def answers(port: int) -> bool:
    """Whether something on this loopback port answers HTTP."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False


def wait_until_ready(orders: Orders, daemons: list[subprocess.Popen[bytes]]) -> str:
    """Wait for all ports; an empty string, or what went wrong."""
    deadline = time.monotonic() + START_SECONDS
    waiting = list(orders["ports"])
    while waiting:
        waiting = [port for port in waiting if not answers(port)]
        for (name, _), daemon in zip(orders["commands"], daemons, strict=True):
            if daemon.poll() is not None:
                return f"{name} ended with {daemon.returncode}"
        if time.monotonic() > deadline:
            return f"no answer on port {waiting[0]} within {START_SECONDS:.0f} seconds"
        if waiting:
            time.sleep(0.02)
    return ""


def reap() -> bool:
    """Collect every child that has ended; whether any still lives. Daemons' own children are ours once orphaned."""
    with contextlib.suppress(ChildProcessError):
        while True:
            ended, _ = os.waitpid(-1, os.WNOHANG)
            if ended == 0:
                return True
    return False


def stop(daemons: list[subprocess.Popen[bytes]]) -> None:
    """Stop every process group, politely at first, and wait until all their members are gone.

    A build makes groups of its own. The first process of a namespace was started with one for them, and ends them too.
    """
    first = os.getpid() == 1
    for number in (signal.SIGTERM, signal.SIGKILL):
        for daemon in daemons:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(daemon.pid, number)
        if first:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, number)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if not reap():
                return
            time.sleep(0.01)


def unmount(below: str) -> None:
    """Take away what a worker left mounted, the innermost first: removing files through a mount would be worse."""
    with Path("/proc/self/mounts").open(encoding="utf-8", errors="surrogateescape") as table:
        points = [line.split(" ")[1].replace("\\040", " ") for line in table]
    for point in sorted((point for point in points if point.startswith(below + "/")), reverse=True):
        subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)


def still_mounted(below: str) -> bool:
    """Whether a mount is left below the folder."""
    return f" {below}/" in Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape")


def main() -> int:
    """Run until the pipe is closed."""

    def interrupt(_number: int, _frame: object) -> None:
        raise StopError

    orders: Orders = json.loads(sys.stdin.buffer.readline())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, interrupt)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    daemons: list[subprocess.Popen[bytes]] = []
    problem = ""
    try:
        daemons = spawn(orders, orders["commands"])
        problem = wait_until_ready(orders, daemons)
        if not problem:
            daemons += spawn(orders, orders["clients"])
        sys.stdout.write(f"failed {problem}\n" if problem else "ready\n")
        sys.stdout.flush()
        if not problem:
            sys.stdin.buffer.read()
    except (StopError, BrokenPipeError):
        pass
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stop(daemons)
        unmount(orders["mounts_below"])
        if orders["remove"] and not problem and not still_mounted(orders["remove"]):
            shutil.rmtree(orders["remove"], ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
