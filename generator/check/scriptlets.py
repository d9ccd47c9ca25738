"""The linters of scriptlets: `bash -n` and shellcheck. The one module of the checks that starts processes.

Every script is handed over with its interpreter as first line, since a scriptlet that begins with a comment looks like
a broken shebang otherwise; both linters read it as bash, which is what /bin/sh is on SUSE.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec

from generator.errors import RefusalError
from generator.targets.calls import PREFIX

SECONDS = 60  # for all scripts of a package together; real ones need a hundredth
# What a linter cannot know: the files that a scriptlet sources are on the machine where it runs.
EXCLUDED = ("SC1090", "SC1091")
_CALL = re.compile(rf"{PREFIX}[\w.@:/+ -]+", re.ASCII)
_RESERVED = frozenset({
    "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "select",
    "function", "time",
})  # fmt: skip


class Script(NamedTuple):
    """A scriptlet: the program that runs it, and its text."""

    interpreter: str
    text: str


class Complaint(NamedTuple):
    """What a linter says of the line (from 1) of a script, given by its place in the sequence.

    `code` is `bash` for a text that bash does not read, else shellcheck's own (`SC2086`).
    """

    script: int
    line: int
    code: str
    message: str


Linted: TypeAlias = Callable[[], tuple[Complaint, ...]]
Lint: TypeAlias = Callable[[Sequence[Script]], Linted]


class _Comment(msgspec.Struct):
    file: str
    line: int
    code: int
    message: str


class _Answer(msgspec.Struct):
    comments: list[_Comment]


def is_shell(interpreter: str) -> bool:
    """Whether a scriptlet's interpreter is one that the linters know."""
    return interpreter.split(" ", maxsplit=1)[0] in ("/bin/sh", "/bin/bash", "/usr/bin/sh", "/usr/bin/bash")


def lint(scripts: Sequence[Script]) -> Linted:
    """Start the linters on all `scripts`, two processes in all; the answer waits for them.

    Raises:
        RefusalError: bash or shellcheck is missing, or, from the answer, did not come to an end.
    """
    telling = [number for number, script in enumerate(scripts) if not _is_calls(script.text)]
    if not telling:
        return tuple
    if len(telling) < len(scripts):
        answer = lint([scripts[number] for number in telling])
        return lambda: tuple(one._replace(script=telling[one.script]) for one in answer())
    shellcheck, bash = _program("shellcheck"), _program("bash")
    files = [_memory(f"#!{script.interpreter}\n{script.text}\n") for script in scripts]
    # A script that bash does not read ends the whole run: only then each is read alone.
    together = _memory("".join(f"{{ :\n{script.text}\n}}\n" for script in scripts))
    answers = [_memory(""), _memory("")]  # files, not pipes: a linter never waits for us to read
    try:
        names = [f"/dev/fd/{file}" for file in files]
        arguments = [shellcheck, "--norc", "--shell=bash", "--format=json1", f"--exclude={','.join(EXCLUDED)}"]
        checking = _start([*arguments, *names], answers[0], files)
        reading = _start([bash, "-n", f"/dev/fd/{together}"], answers[1], [together])
    except BaseException:
        _close(*files, together, *answers)
        raise

    def linted() -> tuple[Complaint, ...]:
        try:
            _wait(reading, bash)
            _wait(checking, shellcheck)
            answer = msgspec.json.decode(_text(answers[0]) or b'{"comments":[]}', type=_Answer)
            # shellcheck's own parser (SC1xxx) guards against two broken scripts that together look whole
            suspicious = reading.returncode != 0 or any(comment.code < 2000 for comment in answer.comments)
            unreadable = _alone(bash, files) if suspicious else []
        except msgspec.DecodeError as error:
            raise RefusalError(f"shellcheck did not answer with JSON: {error}") from error
        finally:
            for process in (reading, checking):
                if process.poll() is None:
                    process.kill()
                    process.wait()
            _close(*files, together, *answers)
        index = {name: number for number, name in enumerate(names)}
        found = [
            Complaint(index[comment.file], max(comment.line - 1, 1), f"SC{comment.code}", comment.message)
            for comment in answer.comments
        ]
        # bash blames the line after the last for what was not closed
        ends = [script.text.rstrip("\n").count("\n") + 1 for script in scripts]
        every = {one._replace(line=min(one.line, ends[one.script])) for one in (*unreadable, *found)}
        return tuple(sorted(every))

    return linted


def _is_calls(text: str) -> bool:
    """Whether a script does nothing but call macros with plain words: not a line of it is for a linter to judge."""
    called = all(_CALL.fullmatch(line.strip()) for line in text.split("\n") if line.strip())
    return called and _RESERVED.isdisjoint(text.split())


class Linters:
    """The linters of one package, which may begin before all of its scripts are known; each script is read once."""

    def __init__(self) -> None:
        """None has begun."""
        self._begun: list[tuple[tuple[Script, ...], Linted]] = []

    def begin(self, scripts: Iterable[Script]) -> None:
        """Start them on those scripts that they do not have yet.

        Raises:
            RefusalError: as `lint`.
        """
        known = {script for part, _ in self._begun for script in part}
        new = tuple(script for script in scripts if script not in known)
        if new:
            self._begun.append((new, lint(new)))

    def __call__(self, scripts: Sequence[Script]) -> Linted:
        """What `lint` gives for all `scripts`.

        Raises:
            RefusalError: as `lint`.
        """
        self.begin(scripts)
        places = {script: number for number, script in enumerate(scripts)}

        def linted() -> tuple[Complaint, ...]:
            found = [(part[one.script], one) for part, answer in self._begun for one in answer()]
            return tuple(sorted(one._replace(script=places[script]) for script, one in found if script in places))

        return linted


def _alone(bash: str, files: Sequence[int]) -> list[Complaint]:
    found = []
    for number, file in enumerate(files):
        os.lseek(file, 0, os.SEEK_SET)
        name = f"/dev/fd/{file}"
        done = subprocess.run(
            [bash, "-n", name], pass_fds=[file], env=_environment(), capture_output=True, timeout=SECONDS, check=False
        )
        if done.returncode == 0:
            continue
        for line in done.stderr.decode(errors="replace").splitlines():
            where, separator, message = line.removeprefix(f"{name}: line ").partition(": ")
            if separator and where.isdigit() and not message.startswith("`"):
                found.append(Complaint(number, max(int(where) - 1, 1), "bash", message))
                break
        else:
            found.append(Complaint(number, 1, "bash", done.stderr.decode(errors="replace").strip()))
    return found


def _program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(name)
    if not found:
        raise RefusalError(f"{name} is missing, so scriptlets cannot be checked", hint="see specgen doctor")
    return found


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}


def _memory(text: str) -> int:
    file = os.memfd_create("scriptlet")
    os.write(file, text.encode("utf-8", "surrogateescape"))
    os.lseek(file, 0, os.SEEK_SET)
    return file


def _start(arguments: list[str], answer: int, files: Sequence[int]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=answer,
        stderr=subprocess.DEVNULL,
        pass_fds=files,
        env=_environment(),
    )


def _wait(process: subprocess.Popen[bytes], program: str) -> None:
    # Popen.wait with a limit polls, with pauses that grow to 50 ms
    file = os.pidfd_open(process.pid)
    try:
        ended, _, _ = select.select([file], [], [], SECONDS)
    finally:
        os.close(file)
    if not ended:
        process.kill()
    process.wait()
    if not ended:
        raise RefusalError(f"{program} did not come to an end within {SECONDS} seconds")


def _text(file: int) -> bytes:
    return os.pread(file, os.fstat(file).st_size, 0)


def _close(*files: int) -> None:
    for file in files:
        os.close(file)
