"""Carrying out a plan: each step is written down before and after, and nothing is done twice.

What cannot be done twice without harm (a commit, a request) is sent once. Where the answer to it is lost, the server
is asked whether it arrived; where even that stays open, the run stops and says so, as sending again could double it.
A run that was killed needs no repair: the next one plans from what the server holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from generator.errors import Problem, RefusalError, ServerError, SpecgenError
from generator.obs.answers import AnswerError, UnreachableError
from generator.obs.records import BuildResult, Listing, Place, md5
from generator.obs.server import Server
from generator.submit.builds import require_success
from generator.submit.journal import Journal, Sent
from generator.submit.plan import Plan, Step

T = TypeVar("T")

REMEMBERED = 1 << 20  # bytes; of a larger file, or one that is no text, only the digest is kept


@dataclass
class Outcome:
    """What a run did."""

    revision: int = 0
    request: int = 0
    superseded: list[int] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    builds: tuple[BuildResult, ...] = ()


class Apply:
    """One run of one plan.

    `payload` gives the bytes of a file of ours, `rendered` names those that specgen makes, `tell` gets each step's
    words before it is done, `builds` waits for build results.
    """

    def __init__(
        self,
        server: Server,
        plan: Plan,
        journal: Journal,
        payload: Callable[[str], bytes | None],
        rendered: frozenset[str],
        tell: Callable[[str], None] = lambda _words: None,
        builds: Callable[[Place], tuple[BuildResult, ...]] | None = None,
    ) -> None:
        self.server = server
        self.plan = plan
        self.journal = journal
        self.payload = payload
        self.rendered = rendered
        self.tell = tell
        self.builds = builds
        self.outcome = Outcome(request=plan.open)
        self._to = [server.url, plan.destination.project, plan.destination.package]

    def run(self) -> Outcome:
        """Do all steps.

        Raises:
            RefusalError: the server changed since the plan was made (then nothing was sent).
            ServerError: a step failed; says what is on the server already and what to do.
        """
        self._check_unchanged()
        for step in self.plan.steps:
            self.tell(step.words)
            self._write("before", step)
            try:
                self._do(step)
            except SpecgenError as error:
                self._write("failed", step, why=str(error))
                raise self._explained(error, step) from error
            self._write("after", step)
            self.outcome.done.append(step.words)
        self.journal.finish(self._sent())
        return self.outcome

    def _do(self, step: Step) -> None:
        match step.kind:
            case "make":
                self.server.make_package(self.plan.work, self.plan.work.package)
            case "branch":
                self._branch()
            case "upload":
                self._upload(step.subject)
            case "commit":
                self._commit()
            case "wait" if self.builds is not None:
                self.outcome.builds = self.builds(self.plan.work)
                require_success(self.server, self.plan.work, self.outcome.builds)
            case "request":
                self._request()
            case "supersede":
                self._supersede(int(step.subject))

    def _check_unchanged(self) -> None:
        looked_at = [(self.plan.target, self.plan.destination)]
        if not self.plan.direct:
            looked_at.append((self.plan.branch, self.plan.work))
        for before, place in looked_at:
            if _state(self.server.listing(place)) != _state(before):
                raise RefusalError(
                    f"{place} changed on {self.server.connection.host} while this run was preparing",
                    hint="nothing was sent; run the same command again",
                )

    def _branch(self) -> None:
        missing = self.plan.target is None
        place, _ = self.server.connection.patiently(lambda: self.server.branch(self.plan.destination, missing=missing))
        if place != self.plan.work:
            raise ServerError(f"{self.plan.destination} was branched to {place}, not to {self.plan.work}")

    def _upload(self, name: str) -> None:
        content = self.payload(name)
        if content is None:
            if self.plan.target is None or name not in self.plan.target.files:
                raise RefusalError(f"the bytes of {name} are neither here nor on the server")
            content = self.server.read(self.plan.target, name)
        if md5(content) != self.plan.files[name]:
            raise RefusalError(f"{name} changed while this run was preparing", hint="run the same command again")
        self.server.upload(self.plan.work, name, content)

    def _commit(self) -> None:
        before = self.server.listing(self.plan.work)
        base = before.revision if before else 0
        self._write("base", Step("commit", ""), revision=base, files=dict(self.plan.files))

        def send() -> Listing:
            lacking = self.server.commit(
                self.plan.work, self.plan.files, self.plan.message, repair=bool(before and before.broken)
            )
            for name in lacking:  # another package's store has them: the target's
                self._upload(name)
            if lacking:
                self.server.commit(
                    self.plan.work, self.plan.files, self.plan.message, repair=bool(before and before.broken)
                )
            now = self.server.listing(self.plan.work)
            if now is None or dict(now.files) != dict(self.plan.files):
                raise ServerError(f"{self.plan.work} does not hold what was committed", hint="look at its history")
            return now

        now = send_once(self.server, "the commit", send, self._landed)
        if now.revision > base + 1:
            raise ServerError(
                f"somebody else committed to {self.plan.work} at the same time",
                hint=f"compare revisions {base + 1} to {now.revision}, then run the same command again",
            )
        self.outcome.revision = now.revision

    def _landed(self) -> Listing | None:
        now = self.server.listing(self.plan.work)
        return now if now is not None and dict(now.files) == dict(self.plan.files) else None

    def _request(self) -> None:
        work, target = self.plan.work, self.plan.destination
        listing = self.server.listing(work)
        if listing is None or dict(listing.files) != dict(self.plan.files):
            raise RefusalError(f"{work} changed before the request was created", hint="run the same command again")
        revision = str(listing.revision)
        known = {one.number for one in self.server.requests(source=work, target=target)}
        self._write("base", Step("request", ""), known=sorted(known), revision=revision)

        def send() -> int:
            return self.server.create_request("submit", [(work, revision, target)], self.plan.message)

        def landed() -> int | None:
            found = [one.number for one in self.server.requests(source=work, target=target) if one.number not in known]
            return found[-1] if found else None

        self.outcome.request = send_once(self.server, "the request", send, landed)

    def _supersede(self, number: int) -> None:
        by = self.outcome.request
        message = f"superseded by request {by}"

        def act() -> None:
            if self.server.request(number).state in ("new", "review", "declined"):
                self.server.supersede(number, by, message)

        self.server.connection.patiently(act)
        self.outcome.superseded.append(number)

    def _write(self, phase: str, step: Step, **facts: Any) -> None:
        about = {
            "work": str(self.plan.work),
            "request": self.outcome.request,
            "revision": self.outcome.revision,
            **facts,
        }
        self.journal.write(phase=phase, step=step.kind, subject=step.subject, to=self._to, **about)

    def _explained(self, error: SpecgenError, step: Step) -> SpecgenError:
        done = "; ".join(self.outcome.done) or "nothing"
        told = Problem(
            f"not done: {step.words}. Done before: {done}",
            hint="the same command goes on from here, and does nothing twice",
        )
        kind = RefusalError if isinstance(error, RefusalError) else ServerError
        return kind([*error.problems, told])

    def _sent(self) -> Sent:
        stored = {}
        for name in sorted(self.rendered & set(self.plan.files)):
            content = self.payload(name)
            text = content is not None and len(content) <= REMEMBERED and b"\0" not in content
            stored[name] = self.journal.keep(content) if content is not None and text else ""
        return Sent(
            server=self.server.url,
            project=self.plan.destination.project,
            package=self.plan.destination.package,
            seen=dict(self.plan.target.files) if self.plan.target else {},
            sent=dict(self.plan.files),
            bytes=stored,
            work=str(self.plan.work),
            revision=self.outcome.revision,
            request=self.outcome.request,
            at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )


def _state(listing: Listing | None) -> tuple[str, dict[str, str]] | None:
    return None if listing is None else (listing.digest, dict(listing.files))


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
