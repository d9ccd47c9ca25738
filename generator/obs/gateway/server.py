"""The gateway's HTTP: logging in, answering from the routes, passing everything else on to the backend."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from generator.obs.gateway.calls import BodyReader, Call, Reply
from generator.obs.gateway.faults import FaultError, status_document
from generator.obs.gateway.routes import Routes
from generator.obs.gateway.upstream import CHUNK

IDLE_SECONDS = 300


class Server(ThreadingHTTPServer):
    """Listens on a loopback port, by default a free one."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, routes: Routes, port: int = 0) -> None:
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)
        self.routes = routes
        self.realm = "Private Open Build Service"
        self.cookie = f"obs_{self.server_address[1]}"

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, and remember it."""
        connection, address = super().get_request()
        with self._guard:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection, and forget it."""
        with self._guard:
            self._open.discard(cast("socket.socket", request))
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the port and every connection."""
        super().server_close()
        with self._guard:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answers the calls of one connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: Server
    _answered = False

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Nothing is logged: a query may hold what is nobody's business."""

    def do_GET(self) -> None:
        """Answer any call."""
        self._answered = False
        body = BodyReader(cast("IO[bytes]", self.rfile), int(self.headers.get("Content-Length") or 0))
        routes = self.server.routes
        cookie_name = self.server.cookie
        login = routes.accounts.identify(
            self.headers.get("Authorization") or "", self.headers.get("Cookie") or "", cookie_name
        )
        if not login:
            body.drain()
            document = status_document("authentication_required", "Authentication required")
            self._send(Reply(document, status=401), {"WWW-Authenticate": f'Basic realm="{self.server.realm}"'})
            return
        headers = {}
        if self.headers.get("Authorization"):
            headers["Set-Cookie"] = f"{cookie_name}={routes.accounts.session(login)}; path=/; HttpOnly; Max-Age=86400"
        url = urlsplit(self.path)
        parts = [unquote(part) for part in url.path.strip("/").split("/")]
        pairs = parse_qsl(url.query, keep_blank_values=True)
        call = Call(login, self.command, url.path, parts, pairs, dict(self.headers.items()), body)
        try:
            reply = routes.answer(call)
            if reply is None:
                self._pass_on(call, headers)
                return
        except FaultError as fault:
            if self._answered:
                self.close_connection = True
                return
            document = status_document(fault.code, fault.summary)
            reply = Reply(document, status=fault.status)
            headers["X-Opensuse-Errorcode"] = fault.code
        body.drain()
        self._send(reply, headers)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815  the base class's names

    def _send(self, reply: Reply, headers: dict[str, str]) -> None:
        self._answered = True
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def _pass_on(self, call: Call, headers: dict[str, str]) -> None:
        query = self.server.routes.backend_query(call)
        forwarded = {
            name: value
            for name, value in call.headers.items()
            if name.lower() in ("content-type", "accept", "content-length")
        }
        body = cast("IO[bytes]", call.body) if call.body.left else None
        with self.server.routes.upstream.open(call.method, call.path, query, body, forwarded) as response:
            call.body.drain()
            if response.status == 200 and call.method == "PUT" and call.parts[-1] in ("_meta", "_config"):
                response.read()  # the front end answers with a status, the backend with the document
                self._send(Reply(status_document("ok", "Ok")), headers)
                return
            length = response.getheader("Content-Length")
            if length is None or self.command == "HEAD":
                kind = response.getheader("Content-Type") or "text/xml"
                self._send(Reply(response.read(), kind, response.status), headers)
                return
            self._answered = True
            self.send_response(response.status)
            self.send_header("Content-Type", response.getheader("Content-Type") or "text/xml")
            self.send_header("Content-Length", length)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            left = int(length)
            while left and (piece := response.read(min(CHUNK, left))):
                self.wfile.write(piece)
                left -= len(piece)
            self.close_connection = self.close_connection or left > 0
