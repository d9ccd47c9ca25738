"""The way from the gateway to the real backend."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote, urlencode

from lxml import etree

from generator.obs.gateway.faults import FaultError, parse

TIMEOUT = 600.0  # seconds; a large source diff takes its time
CHUNK = 1 << 18

Query = Mapping[str, str | None] | Iterable[tuple[str, str | None]]


def path_of(*parts: str) -> str:
    """The path of a project, a package or a file in the backend."""
    return "/source/" + "/".join(quote(part, safe=":+") for part in parts)


@dataclass(frozen=True)
class Answer:
    """A whole answer of the backend."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Upstream:
    """The backend's source server on a loopback port."""

    def __init__(self, port: int) -> None:
        self.port = port

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        query: Query = (),
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """Send a request and give the answer to be read piece by piece, whatever its status is.

        Raises:
            FaultError: the backend does not answer (503).
        """
        pairs = query.items() if isinstance(query, Mapping) else query
        encoded = urlencode([(name, value) for name, value in pairs if value is not None])
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT, blocksize=CHUNK)
        try:
            try:
                connection.request(method, f"{path}?{encoded}" if encoded else path, body, dict(headers or {}))
                response = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                raise FaultError(503, "service_unavailable", f"the backend does not answer: {error}") from error
            yield response
        finally:
            connection.close()

    def ask(self, method: str, path: str, query: Query = (), body: bytes | None = None) -> Answer:
        """Send a request and read the whole answer, whatever its status is."""
        with self.open(method, path, query, body) as response:
            return Answer(response.status, dict(response.getheaders()), response.read())

    def need(self, method: str, path: str, query: Query = (), body: bytes | None = None) -> bytes:
        """Send a request that must succeed.

        Raises:
            FaultError: it did not, with the backend's own status and sentence.
        """
        answer = self.ask(method, path, query, body)
        if answer.status // 100 != 2:
            found = re.search(rb"<summary>(.*?)</summary>", answer.body, re.DOTALL)
            summary = (found[1] if found else answer.body[:200]).decode("utf-8", "replace")
            raise FaultError(answer.status, "not_found" if answer.status == 404 else "backend_error", summary)
        return answer.body

    def meta(self, project: str, package: str = "") -> etree._Element | None:
        """The `_meta` of a project or package, or None where there is none."""
        parts = (project, package) if package else (project,)
        answer = self.ask("GET", path_of(*parts) + "/_meta")
        return parse(answer.body, "_meta") if answer.status == 200 else None

    def exists(self, project: str, package: str = "") -> bool:
        """Whether the project or package exists."""
        return self.meta(project, package) is not None

    def revision(self, project: str, package: str) -> etree._Element | None:
        """The newest revision in a package's history, or None where it has none."""
        answer = self.ask("GET", path_of(project, package, "_history"), {"limit": "1"})
        found = parse(answer.body, "_history").findall("revision") if answer.status == 200 else []
        return found[-1] if found else None
