"""What specgen remembers of its submissions: every step before and after it is done, and the bytes that were sent.

One folder per machine and user (`SPECGEN_STATE`, else `$XDG_STATE_HOME/specgen`, else `~/.local/state/specgen`), one
file of JSON lines per package name, each line forced to the disk before the step that it announces. The lines hold
servers, projects, digests and messages, never a user's password. A line that a crash cut off is left out.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from generator.errors import RefusalError

if TYPE_CHECKING:
    from collections.abc import Iterator


def state_folder() -> Path:
    """Where this user's submissions are remembered."""
    chosen = os.environ.get("SPECGEN_STATE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "specgen"


@dataclass(frozen=True)
class Sent:
    """A submission that came to its end: where to, what the target held before, and what was sent.

    `seen` and `sent` are digests by file name; `bytes` names the stored content of each file that was ours, empty
    where it is too large to be kept.
    """

    server: str
    project: str
    package: str
    seen: Mapping[str, str]
    sent: Mapping[str, str]
    bytes: Mapping[str, str] = field(default_factory=dict)
    work: str = ""
    revision: int = 0
    request: int = 0
    at: str = ""


class Journal:
    """The memory of one package name."""

    def __init__(self, package: str, folder: Path | None = None) -> None:
        self.folder = folder or state_folder()
        self.package = package
        self.path = self.folder / "submissions" / f"{package}.jsonl"
        self.run = uuid.uuid4().hex[:12]

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs for this package away.

        Raises:
            RefusalError: another run is under way, or the folder cannot be written.
        """
        path = self.path.with_suffix(".lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle: IO[str] = path.open("a+", encoding="utf-8")
        except OSError as error:
            raise RefusalError(
                f"submissions cannot be remembered: {path.parent}: {error.strerror}", hint="set SPECGEN_STATE"
            ) from error
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                handle.seek(0)
                raise RefusalError(
                    f"another run (process {handle.read().strip() or 'unknown'}) is submitting {self.package}",
                    hint="wait for it; nothing was sent",
                ) from None
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
            yield

    def write(self, **facts: Any) -> None:
        """Add one line and force it to the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = json.dumps({"run": self.run, **facts}, sort_keys=True) + "\n"
        with self.path.open("ab") as file:
            if file.tell() and not self._ends_with_newline():
                file.write(b"\n")
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def keep(self, content: bytes) -> str:
        """Store bytes that were sent, and give their name."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.folder / "bytes" / digest[:2] / digest
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = path.with_name(f"{digest}.{os.getpid()}.new")
            new.write_bytes(content)
            new.replace(path)
        return digest

    def kept(self, digest: str) -> bytes | None:
        """Stored bytes, or None where they are gone."""
        path = self.folder / "bytes" / digest[:2] / digest
        return path.read_bytes() if digest and path.exists() else None

    def lines(self) -> list[dict[str, Any]]:
        """All lines that were written whole, oldest first."""
        found: list[dict[str, Any]] = []
        if self.path.exists():
            for line in self.path.read_bytes().splitlines():
                try:
                    value = json.loads(line)
                except ValueError:
                    continue
                if isinstance(value, dict):
                    found.append(value)
        return found

    def submissions(self) -> list[Sent]:
        """All submissions that came to their end, oldest first."""
        return [Sent(**line["sent"]) for line in self.lines() if line.get("phase") == "finished"]

    def last(self, server: str, project: str, package: str) -> Sent | None:
        """The last submission to one place, or None."""
        found = [
            one for one in self.submissions() if (one.server, one.project, one.package) == (server, project, package)
        ]
        return found[-1] if found else None

    def unfinished(self, server: str, project: str, package: str) -> list[dict[str, Any]]:
        """The lines of the last run to one place, where it did not come to its end."""
        mine = [one for one in self.lines() if one.get("to") == [server, project, package]]
        last = [one for one in mine if one["run"] == mine[-1]["run"]] if mine else []
        return [] if any(one.get("phase") == "finished" for one in last) else last

    def finish(self, sent: Sent) -> None:
        """Note that a submission has come to its end, now."""
        sent = replace(sent, at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.write(phase="finished", to=[sent.server, sent.project, sent.package], sent=asdict(sent))

    def _ends_with_newline(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


def packages(folder: Path | None = None) -> list[str]:
    """The names of all packages that were submitted from here."""
    where = (folder or state_folder()) / "submissions"
    return sorted(path.stem for path in where.glob("*.jsonl")) if where.exists() else []
