"""One reader process: starts it, talks to it, and ends it."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import marshal
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path

import msgspec

from generator.librpm import sandbox
from generator.librpm.jobs import Answer, Job, macros
from generator.librpm.sandbox import Limits
from generator.targets import Target

START_SECONDS = 30.0  # a machine under load may take long to start a Python
KILL_SECONDS = 5.0
LONGEST_LINE = 8192  # bytes of an announcement
PIPE_SIZE = 1 << 20
SLACK_SECONDS = 20.0  # how much longer than the parse itself an answer may take

# Reads the program and runs it. The compiled form saves a third of the time to start; it is used where it was compiled
# by the same version of Python. `-S` and the search for the bindings save the import of `site`.
BOOTSTRAP = """\
import sys, marshal
from _frozen_importlib_external import MAGIC_NUMBER
stream = open(0, "rb", closefd=False)
magic, compiled, source = stream.readline().split()
compiled, source = stream.read(int(compiled)), stream.read(int(source))
program = marshal.loads(compiled) if magic.decode() == MAGIC_NUMBER.hex() else compile(source, "worker.py", "exec")
version = "python%d.%d" % sys.version_info[:2]
for prefix in dict.fromkeys((sys.prefix, sys.base_prefix, "/usr")):
    sys.path += [prefix + "/lib/python3/dist-packages", prefix + "/lib64/" + version + "/site-packages",
                 prefix + "/lib/" + version + "/site-packages"]
names = {"__name__": "worker"}
exec(program, names)
sys.exit(names["main"](stream))
"""


class Hello(msgspec.Struct, frozen=True):
    """What a reader says when it is ready, or why it never will be; `missing` means that there are no bindings."""

    rpm: str = ""
    python: str = ""
    error: str = ""
    missing: bool = False


class Done(msgspec.Struct, frozen=True):
    """The end of a job; `problem` tells what went wrong with all of it."""

    done: bool
    problem: str = ""


class DeadError(Exception):
    """The reader is gone, or says something that it cannot have said."""


class StartError(DeadError):
    """The reader did not start; `missing` tells that its Python has no rpm bindings."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


@cache
def _program() -> bytes:
    """The reader's program as it is sent: a line with the bytecode's magic number and two lengths, then both forms."""
    path = Path(__file__).with_name("worker.py")
    source = path.read_bytes()
    code = SourceFileLoader("generator.librpm.worker", str(path)).get_code("generator.librpm.worker")
    compiled = marshal.dumps(code)
    return b"%s %d %d\n" % (importlib.util.MAGIC_NUMBER.hex().encode(), len(compiled), len(source)) + compiled + source


def _announced(texts: Mapping[str, bytes]) -> list[tuple[str, int]]:
    """The names of payloads, and their lengths in bytes."""
    return [(name, len(text)) for name, text in texts.items()]


def _folder() -> str:
    """A new folder for a reader without a sandbox."""
    import tempfile

    return tempfile.mkdtemp(prefix="specgen-")


class Process:
    """A reader in its sandbox, or without one. Starting it does not wait; `greet` does."""

    def __init__(
        self,
        limits: Limits,
        *,
        sandboxed: bool,
        own_proc: bool = True,
        parts: int = 1,
        expected: Callable[[], Sequence[Target]] = tuple,
    ) -> None:
        """Start it. In the sandbox it does up to `parts` tasks of a job at the same time.

        `expected` gives the targets that the first job is for, as far as they are known.
        """
        self.limits = limits
        self.sandboxed = sandboxed
        self.parts = parts if sandboxed else 1  # without one, they would share their folders
        self.hello: Hello | None = None
        self.deadline = 0.0
        self._buffer = bytearray()
        self._targets: set[str] = set()
        self._folder = "" if sandboxed else _folder()
        self._dying: list[int] | None = None  # descriptors of what bubblewrap started, once it is told to end
        self._errors = os.memfd_create("specgen-reader")  # what bubblewrap and the reader print
        python = sandbox.reader_python()
        user = sandbox.unprivileged()
        if self._folder and user is not None:
            os.chown(self._folder, user, user)
        command = sandbox.bubblewrap(python, own_proc=own_proc) if sandboxed else []
        environment = {"PATH": os.environ.get("PATH", os.defpath)}
        if not sandboxed:
            environment = {**sandbox.ENVIRONMENT, "HOME": f"{self._folder}/home"}
        try:
            self._child: subprocess.Popen[bytes] = subprocess.Popen(
                [*command, python, "-I", "-S", "-c", BOOTSTRAP],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=environment,
                cwd="/",
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        except OSError as error:
            self.close_files()
            raise StartError(f"{(command or [python])[0]}: {error.strerror}") from None
        assert self._child.stdin is not None  # noqa: S101  it is a pipe
        assert self._child.stdout is not None  # noqa: S101  it is a pipe
        self._in, self._out = self._child.stdin.fileno(), self._child.stdout.fileno()
        os.set_blocking(self._in, False)
        fcntl.fcntl(self._in, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        try:
            self._write(_program())
            ahead = expected()
            texts = self._new(ahead)
            settings = {**self._settings(), "expected": len(ahead), "targets": _announced(texts)}
            self._write(b"".join([msgspec.json.encode(settings), b"\n", *texts.values()]))
        except DeadError:
            pass  # `greet` tells why
        except BaseException:
            self.kill()
            raise

    def _settings(self) -> dict[str, object]:
        return {
            "seconds": self.limits.seconds,
            "memory": self.limits.memory,
            "processes": sandbox.process_allowance(self.limits, sandboxed=self.sandboxed),
            "output": self.limits.output,
            "result": self.limits.result,
            "sandboxed": self.sandboxed,
            "parts": self.parts,
            "root": self._folder or sandbox.ROOT,
        }

    @property
    def pid(self) -> int:
        """The process to kill; all others end with it."""
        return self._child.pid

    def fileno(self) -> int:
        """The descriptor that becomes readable when `receive` has something to say."""
        return self._out

    def greet(self) -> Hello:
        """Wait until the reader is ready.

        Raises:
            StartError: it will never be.
        """
        if self.hello is not None:
            return self.hello
        deadline = time.monotonic() + START_SECONDS
        try:
            while b"\n" not in self._buffer:
                if not select.select([self._out], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    raise StartError(f"it did not start within {START_SECONDS:g} s")
                self._fill()
            line, _, rest = bytes(self._buffer).partition(b"\n")
            hello = msgspec.json.decode(line, type=Hello)
        except (DeadError, msgspec.MsgspecError) as error:
            said = self._said()
            self.kill()
            raise StartError(str(error) or said or "it ended before it was ready") from None
        if hello.error:
            self.kill()
            raise StartError(hello.error, missing=hello.missing)
        self._buffer[:] = rest
        self.hello = hello
        return hello

    def send(self, job: Job) -> None:
        """Give the reader a job; its answers come through `receive`.

        Raises:
            DeadError: the reader is gone.
        """
        new = self._new(task.target for task in job.tasks)
        head = {
            "targets": _announced(new),
            "files": [
                (name.encode("utf-8", "surrogateescape").hex(), mode, len(data)) for name, mode, data in job.files
            ],
            "tasks": [task.message() for task in job.tasks],
        }
        self.extend()
        self._write(b"".join([msgspec.json.encode(head), b"\n", *new.values(), *(data for _, _, data in job.files)]))

    def _new(self, targets: Iterable[Target]) -> dict[str, bytes]:
        """The macros of these targets that the reader does not have, by name."""
        new = {key: text for key, text in map(macros, targets) if key not in self._targets}
        self._targets.update(new)
        return new

    def extend(self) -> None:
        """Count the time for the next answer from now."""
        self.deadline = time.monotonic() + self.limits.seconds + SLACK_SECONDS

    def receive(self) -> Iterator[tuple[Answer, bytes, bytes] | Done]:
        """What has arrived; reads once from the reader, which must have something to say.

        Raises:
            DeadError: it is gone, or what it says makes no sense.
        """
        self._fill()
        while (end := self._buffer.find(b"\n", 0, LONGEST_LINE)) >= 0:
            line = bytes(self._buffer[:end])
            try:
                if line.startswith(b'{"done"'):
                    del self._buffer[: end + 1]
                    yield msgspec.json.decode(line, type=Done)
                    continue
                answer = msgspec.json.decode(line, type=Answer)
            except msgspec.MsgspecError as error:
                raise DeadError(str(error)) from None
            if not (0 <= answer.log <= self.limits.output and 0 <= answer.result <= self.limits.result):
                raise DeadError("an answer of an impossible size")
            middle = end + 1 + answer.log
            last = middle + answer.result
            if len(self._buffer) <= last:
                return
            log, result = bytes(self._buffer[end + 1 : middle]), bytes(self._buffer[middle:last])
            del self._buffer[: last + 1]
            self.extend()
            yield answer, self._plain(log), self._plain(result)
        if len(self._buffer) > LONGEST_LINE:
            raise DeadError("a line of an impossible length")

    def _plain(self, data: bytes) -> bytes:
        """Output with the folders of the sandbox instead of those that stand for them where there is none."""
        return data.replace(self._folder.encode(), sandbox.ROOT.encode()) if self._folder else data

    def _fill(self) -> None:
        data = os.read(self._out, PIPE_SIZE)
        if not data:
            raise DeadError(self._said())
        self._buffer += data

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            if not select.select([], [self._in], [], START_SECONDS)[1]:
                raise DeadError("the reader does not listen")
            try:
                view = view[os.write(self._in, view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise DeadError(self._said()) from None

    def _said(self) -> str:
        """The last line that bubblewrap or the reader printed on stderr."""
        lines = os.pread(self._errors, 65536, 0).decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    def is_alive(self) -> bool:
        """Whether the reader still runs."""
        return self._child.poll() is None

    def dismiss(self) -> None:
        """Begin to end the reader and everything in its sandbox; `kill` waits for it."""
        if self._dying is not None:
            return
        self._dying = self._inner() if self.sandboxed else []
        if self.sandboxed:
            for descriptor in self._dying:
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            self._child.kill()

    def kill(self) -> None:
        """End the reader and everything in its sandbox, and wait until all of it is gone."""
        self.dismiss()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:  # without a sandbox the supervisor notices that nobody listens, and ends what it started
            self._child.wait(KILL_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._child.wait()
        while self._dying:  # process 1 of the sandbox: it is gone when all others are
            descriptor = self._dying.pop()
            select.select([descriptor], [], [], KILL_SECONDS)
            os.close(descriptor)
        self.close_files()

    def _inner(self) -> list[int]:
        """Descriptors of the processes that bubblewrap started; it is stopped, so that it starts no other.

        Killed alone while it sets up the sandbox, bubblewrap leaves its inner half waiting for it for ever.
        """
        if self._child.poll() is not None:
            return []
        try:
            os.kill(self.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            pids = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            return [os.pidfd_open(int(pid)) for pid in pids]
        except OSError:  # it is gone already
            return []

    def close_files(self) -> None:
        """Give up its files: what it printed, and what a reader without a sandbox kept on disk."""
        if self._errors >= 0:
            os.close(self._errors)
            self._errors = -1
        if self._folder:
            import shutil

            shutil.rmtree(self._folder, ignore_errors=True)
