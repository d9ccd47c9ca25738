"""A proxy between osc and the gateway that spoils one request of a conversation."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

ANSWERS = {
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "Not Found",
    "409": "Conflict",
    "500": "Internal Server Error",
    "503": "Service Unavailable",
}
FAULTS = ("drop", "lose-answer", "delay", "truncate", "close-in-body", *ANSWERS)


@dataclass
class Message:
    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode()


def read_message(stream: object, limit: int | None = None) -> Message | None:
    """One request or answer; with a limit only so much of its body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return Message(head, stream.read(length if limit is None else min(length, limit)) if length else b"")


@dataclass
class Proxy:
    """Forwards everything to `url`, but meets request number `at` (from 0) with `fault`. With `tls` it speaks that.

    `spoil` chooses a fault by the request's first line.
    """

    url: str
    fault: str = ""
    at: int = -1
    delay: float = 0.0
    tls: ssl.SSLContext | None = None
    spoil: Callable[[str], str] = lambda _line: ""
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._idle = threading.Condition()
        self._busy = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def wait_until_idle(self) -> None:
        """Wait until everything that was held back has arrived."""
        with self._idle:
            assert self._idle.wait_for(lambda: self._busy == 0, timeout=30)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            # a client that does not trust the certificate goes away here
            secure = self.tls.wrap_socket(client, server_side=True) if self.tls else client
            with secure, secure.makefile("rb") as stream:
                while self._one(secure, stream):
                    pass

    def _one(self, client: socket.socket, stream: object) -> bool:
        line = stream.peek(1)
        if not line:
            return False
        with self._lock:
            number = len(self.seen)
            self.seen.append("")
        fault = self.fault if number == self.at else ""
        message = read_message(stream, 10 if fault == "close-in-body" else None)
        if message is None:
            return False
        self.seen[number] = message.line
        with self._idle:
            self._busy += 1
        try:
            return self._treat(client, message, fault or self.spoil(message.line))
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def _treat(self, client: socket.socket, message: Message, fault: str) -> bool:
        if fault in ("drop", "close-in-body"):
            return False
        if fault in ANSWERS:
            body = f'<status code="test"><summary>{ANSWERS[fault]} for a test</summary></status>'.encode()
            head = f"HTTP/1.1 {fault} {ANSWERS[fault]}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
            return True
        if fault == "delay":
            time.sleep(self.delay)
        address = urlsplit(self.url)
        with socket.create_connection((address.hostname, address.port)) as server, server.makefile("rb") as answers:
            server.sendall(message.head + message.body)
            answer = read_message(answers)
        if answer is None or fault == "lose-answer":
            return False
        if fault == "truncate":
            client.sendall(answer.head + answer.body[: len(answer.body) // 2])
            return False
        with contextlib.suppress(OSError):  # the client of a delayed answer may be gone
            client.sendall(answer.head + answer.body)
        return True
