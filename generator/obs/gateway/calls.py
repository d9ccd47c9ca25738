"""One call to the gateway, and what is answered to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from generator.obs.gateway.faults import FaultError, status_document

PIECE = 1 << 18


class BodyReader:
    """A request's body, read piece by piece; a client that goes away in the middle is an error, not a short body."""

    def __init__(self, stream: IO[bytes], length: int) -> None:
        self._stream = stream
        self.left = length

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; nothing at the end.

        Raises:
            ConnectionError: the client went away before it had sent everything.
        """
        wanted = self.left if size < 0 else min(size, self.left)
        got = self._stream.read(wanted) if wanted else b""
        if len(got) < wanted:
            raise ConnectionAbortedError("the client went away while it was sending")
        self.left -= len(got)
        return got

    def drain(self) -> None:
        """Read and forget the rest, so that the connection can be used again."""
        while self.left:
            self.read(PIECE)


@dataclass
class Call:
    """One call: who, what, on which path (decoded, split at slashes), with which query and body."""

    login: str
    method: str
    path: str
    parts: Sequence[str]
    pairs: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: BodyReader
    query: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.query = dict(self.pairs)

    @property
    def command(self) -> str:
        """The `cmd` of a POST."""
        return self.query.get("cmd", "")

    def text(self) -> str:
        """The whole body as text.

        Raises:
            FaultError: it is not UTF-8 (400).
        """
        try:
            return self.body.read().decode()
        except UnicodeDecodeError:
            raise FaultError(400, "invalid_text", "the text is not UTF-8") from None


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    body: bytes = field(default_factory=status_document)
    content_type: str = "text/xml"
    status: int = 200
