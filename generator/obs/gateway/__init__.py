"""Our stand-in for the front end of the Open Build Service, over a backend that is the real one.

It adds what osc needs and the backend does not have: logging in, people, the right to write, branching, requests
with their states, comments, attributes and searching. What it does not have: reviews, locking, release, tokens,
distributions, watchlists. It listens on the loopback address alone.
"""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType

from generator.obs.gateway.accounts import Accounts
from generator.obs.gateway.routes import Routes
from generator.obs.gateway.server import Server
from generator.obs.gateway.store import Store, write
from generator.obs.gateway.upstream import Upstream


class Gateway:
    """The stand-in, in a thread of this process. A context manager; `start` and `stop` by hand do the same."""

    def __init__(self, data: Path, backend_port: int) -> None:
        folder = data / "gateway"
        folder.mkdir(parents=True, exist_ok=True)
        self._port = folder / "port"
        self.accounts = Accounts(folder / "accounts.json")
        self._routes = Routes(Upstream(backend_port), self.accounts, Store(folder))
        self._server: Server | None = None

    @property
    def url(self) -> str:
        """The address to give to osc; empty while it is not started."""
        return f"http://127.0.0.1:{self._server.server_address[1]}" if self._server else ""

    def start(self) -> None:
        """Finish what an earlier gateway was killed in, then serve; at its address, if that is free."""
        self._routes.requests.recover()
        self._server = self._listen()
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="gateway", daemon=True
        ).start()

    def _listen(self) -> Server:
        """A server where the last one was: osc's checkouts and specgen's journal know it by its address."""
        before = self._port.read_text(encoding="ascii") if self._port.exists() else ""
        try:
            server = Server(self._routes, int(before) if before.isdigit() else 0)
        except OSError:  # somebody else has the port now
            server = Server(self._routes)
        write(self._port, str(server.server_address[1]).encode())
        return server

    def stop(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Gateway:
        """Start."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop."""
        self.stop()
