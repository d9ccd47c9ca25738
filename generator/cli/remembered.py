"""An unchanged check is answered from what the last one said, before anything heavy is loaded.

A record belongs to one command line in one directory, with the same terminal, environment and day. It holds what was
printed and the exit code, and the state (size, times, inode) of every file that the result came from: the package,
the targets, the programs, specgen itself. Standard library only, and little of it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from stat import S_ISDIR

from generator import kept

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_MOST = 200  # records
_ENVIRONMENT = ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "LANG", "LC_ALL", "PATH", "SOURCE_DATE_EPOCH")


def _folder() -> str:
    """Where records are; empty, which no folder is called, where the user has no cache."""
    user = kept.cache()
    return os.path.join(user, "checks") if user else ""


def _identity(arguments: list[str]) -> str:
    """What a record belongs to, as text."""
    terminal: list[int] = []
    if sys.stdout.isatty():
        terminal = list(os.get_terminal_size())
    own = {name: value for name, value in os.environ.items() if name in _ENVIRONMENT or name.startswith("SPECGEN_")}
    today = time.strftime("%Y-%m-%d")
    return repr([arguments, os.getcwd(), terminal, sorted(own.items()), today, sys.version, os.getuid()])


def _path(identity: str) -> str:
    import hashlib

    return os.path.join(_folder(), hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:32])


def _state(path: str) -> list[int | str] | None:
    """What tells one content of a file from another; of a directory, the names in it.

    The times of a directory say nothing: Python itself writes below its packages when it first imports them.
    """
    try:
        found = os.stat(path)
        if S_ISDIR(found.st_mode):
            return [found.st_ino, *_names(path)]
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _names(directory: str) -> list[str]:
    return sorted(name for name in os.listdir(directory) if name not in ("__pycache__", ".git", ".osc"))


def _below(path: str) -> Iterator[str]:
    """The path and, for a directory, all that is in it."""
    yield path
    if os.path.isdir(path):
        for name in _names(path):
            yield from _below(os.path.join(path, name))


def _changed_since(path: str, moment: int) -> bool:
    """Whether a file, or what a directory holds, may have changed since a moment in nanoseconds of the epoch."""
    try:
        found = os.stat(path)
    except OSError:
        return False
    return max(found.st_mtime_ns, found.st_ctime_ns) >= moment


def recalled(arguments: list[str]) -> int | None:
    """Print what the same check printed the last time and give its exit code; None where it must be done again."""
    if "--no-cache" in arguments or not os.path.isdir(_folder()):
        return None
    identity = _identity(arguments)
    try:
        with open(_path(identity), encoding="utf-8", errors="surrogateescape") as file:
            import json

            record = json.load(file)
        if record["identity"] != identity or any(_state(path) != state for path, state in record["inputs"]):
            return None
        output, errors, code = record["output"], record["errors"], int(record["code"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    sys.stderr.write(errors)
    sys.stdout.write(output)
    sys.stdout.flush()  # so that whoever asked learns of a full disk; Python's end may keep that to itself
    return code


def remember(arguments: list[str], inputs: Iterable[str], begun: int, output: str, errors: str, code: int) -> None:
    """Keep what a check printed. `inputs` are the files and directories that the result came from.

    `begun` is when the run began, in nanoseconds of the epoch: where a file has changed since, nobody knows which
    state of it was read, and nothing is kept.
    """
    import json

    given = dict.fromkeys(inner for path in inputs for inner in _below(os.path.abspath(path)))
    own = dict.fromkeys(inner for path in _specgen() for inner in _below(path))
    if any(_changed_since(path, begun) for path in (*given, *(path for path in own if not os.path.isdir(path)))):
        return
    states = [(path, _state(path)) for path in given | own]
    identity = _identity(arguments)
    record = {
        "identity": identity,
        "inputs": states,
        "output": output,
        "errors": errors,
        "code": code,
    }
    try:
        os.makedirs(_folder(), mode=0o700, exist_ok=True)
    except OSError:
        return
    kept.keep(json.dumps(record).encode("utf-8", "surrogateescape"), [_path(identity)])
    kept.forget(_folder(), "", _MOST)


def _specgen() -> list[str]:
    """Specgen's own files, and the programs that it asks."""
    from shutil import which

    beside = os.path.join(os.path.dirname(_HERE), "templates")
    programs = [os.path.join(os.path.dirname(sys.executable), "shellcheck"), *map(which, ("shellcheck", "bash", "rpm"))]
    return [_HERE, *([beside] if os.path.isdir(beside) else []), "/usr/lib/rpm/macros", *filter(None, programs)]
