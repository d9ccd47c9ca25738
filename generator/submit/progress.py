"""Doing steps so that a run can be followed and resumed: each is said, and written down before and after."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from generator.errors import InputError, Problem, RefusalError, ServerError, SpecgenError
from generator.obs.answers import AnswerError, UnreachableError
from generator.obs.server import OPEN_STATES, Server
from generator.submit.journal import Journal
from generator.submit.plan import Step

T = TypeVar("T")
AGAIN = "the same command goes on from here, and does nothing twice"


@dataclass
class Progress:
    """The steps of one run to one place. `to` is that place in the journal: server, project, package.

    `done` are the words of the steps that came to their end, also of those that were done elsewhere for this run.
    """

    journal: Journal
    to: tuple[str, str, str]
    tell: Callable[[str], None] = lambda _words: None
    done: list[str] = field(default_factory=list)

    def do(self, step: Step, action: Callable[[], None], facts: Callable[[], dict[str, Any]] = dict) -> None:
        """Do one step; `facts` are what the journal notes with it, asked for anew for every line.

        Raises:
            RefusalError: going on is not safe.
            ServerError: it failed; both say what was done before and what to do.
        """
        self.tell(step.words)
        self.write("before", step, **facts())
        try:
            action()
        except SpecgenError as error:
            self.write("failed", step, why=str(error), **facts())
            done = "; ".join(self.done) or "nothing"
            told = Problem(f"not done: {step.words}. Done before: {done}", hint=AGAIN)
            kind = RefusalError if isinstance(error, RefusalError) else ServerError
            raise kind([*error.problems, told]) from error
        self.write("after", step, **facts())
        self.done.append(step.words)

    def write(self, phase: str, step: Step, **facts: Any) -> None:
        """Note where a step stands."""
        self.journal.write(phase=phase, step=step.kind, subject=step.subject, to=list(self.to), **facts)


@contextmanager
def looking(done: Sequence[str] = ()) -> Iterator[None]:
    """What is inside only asks the server; where that fails, the message says what the run had done before.

    Raises:
        InputError: what was asked for does not fit what the server has.
        RefusalError: going on is not safe.
        ServerError: the server refuses, or is away.
    """
    try:
        yield
    except (InputError, RefusalError, ServerError) as error:
        kind = next(one for one in (InputError, RefusalError, ServerError) if isinstance(error, one))
        words = f"Done before: {'; '.join(done)}" if done else "nothing was sent"
        raise kind([*error.problems, Problem(words, hint="" if kind is InputError else AGAIN)]) from error


def supersede(server: Server, number: int, by: int) -> None:
    """Mark an open request as superseded by another; nothing where it is not open any more."""

    def act() -> None:
        if server.request(number).state in OPEN_STATES:
            server.supersede(number, by, f"superseded by request {by}")

    server.connection.patiently(act)


def send_once(server: Server, what: str, send: Callable[[], T], landed: Callable[[], T | None]) -> T:
    """Send what cannot be sent twice without harm; where the answer is lost, `landed` looks whether it arrived.

    Raises:
        ServerError: the server refuses.
        UnreachableError: it stays open whether it arrived.
    """
    for wait in (*server.connection.patience.waits(), None):
        try:
            return send()
        except (AnswerError, UnreachableError) as error:
            if not error.transient:
                raise
            found = _look(server, landed, more=error.sent)
            if found is not None:
                return found
            if error.sent:
                raise UnreachableError(
                    f"{what} may or may not have arrived: {error.problems[0].message}",
                    hint="run the same command again after a while: it looks before it sends",
                ) from error
            if wait is None:
                raise
        time.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def _look(server: Server, landed: Callable[[], T | None], *, more: bool) -> T | None:
    for wait in (*(server.connection.patience.waits() if more else ()), None):
        found = landed()
        if found is not None or wait is None:
            return found
        time.sleep(wait)
    return None
