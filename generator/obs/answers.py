"""How a server's refusals and silences look to everything above the client."""

from __future__ import annotations

from generator.errors import ServerError

TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that say nothing about the request itself: the same request may succeed a moment later."""


class AnswerError(ServerError):
    """The server answered with an error: its status, its code for it where it gave one, and its sentence."""

    def __init__(self, status: int, code: str, summary: str, message: str, hint: str = "") -> None:
        self.status = status
        self.code = code
        self.summary = summary
        super().__init__(message, hint=hint)

    @property
    def transient(self) -> bool:
        """Whether asking again may help."""
        return self.status in TRANSIENT

    @property
    def sent(self) -> bool:
        """Whether somebody on the way answered for a server that may still be at work."""
        return self.status in (408, 502, 504)


class UnreachableError(ServerError):
    """The server did not answer, or not to the end.

    With `sent` it is unknown whether it did what was asked; without, it never got to know of it.
    """

    transient = True

    def __init__(self, message: str, hint: str = "", *, sent: bool = True) -> None:
        self.sent = sent
        super().__init__(message, hint=hint)
