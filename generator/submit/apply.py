"""Carrying out a plan: each step is written down before and after, and nothing is done twice.

What cannot be done twice without harm (a commit, a request) is sent once. Where the answer to it is lost, the server
is asked whether it arrived; where even that stays open, the run stops and says so, as sending again could double it.
A run that was killed needs no repair: the next one plans from what the server holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from generator.errors import Problem, RefusalError, ServerError
from generator.obs.answers import AnswerError
from generator.obs.records import BuildResult, Listing, md5
from generator.obs.server import Server
from generator.submit.builds import Builds, require_success, wait_for_builds
from generator.submit.journal import Journal, Sent
from generator.submit.plan import Kind, Plan, Step
from generator.submit.progress import Progress, looking, send_once, supersede

REMEMBERED = 1 << 20  # bytes; of a larger file, or one that is no text, only the digest is kept


@dataclass
class Outcome:
    """What a run did."""

    revision: int = 0
    request: int = 0
    superseded: list[int] = field(default_factory=list)
    builds: tuple[BuildResult, ...] = ()


class Apply:
    """One run of one plan.

    `payload` gives the bytes of a file of ours, `rendered` names those that specgen makes, `tell` gets each step's
    words before it is done, `builds` waits for build results. `done` are the words of what a larger run did before,
    and grows.
    """

    def __init__(
        self,
        server: Server,
        plan: Plan,
        journal: Journal,
        payload: Callable[[str], bytes | None],
        rendered: frozenset[str],
        tell: Callable[[str], None] = lambda _words: None,
        builds: Builds = wait_for_builds,
        done: list[str] | None = None,
    ) -> None:
        self.server = server
        self.plan = plan
        self.journal = journal
        self.payload = payload
        self.rendered = rendered
        self.builds = builds
        self.outcome = Outcome(request=plan.open)
        to = (server.url, plan.destination.project, plan.destination.package)
        self.progress = Progress(journal, to, tell, [] if done is None else done)

    def run(self) -> Outcome:
        """Do all steps, and note that they came to their end.

        Raises:
            RefusalError: the server changed since the plan was made (then nothing was sent).
            ServerError: a step failed; says what is on the server already and what to do.
        """
        self.begin()
        return self.end()

    def begin(self) -> None:
        """Do the steps that come before a wait for builds; where the plan has no such wait, all.

        Raises:
            SpecgenError: as `run` does.
        """
        with looking(self.progress.done):
            self._check_unchanged()
        self._perform(self.plan.steps[: self._wait])

    def end(self) -> Outcome:
        """Do what `begin` left, and note that all came to its end.

        Raises:
            SpecgenError: as `run` does.
        """
        self._perform(self.plan.steps[self._wait :])
        return self.finish()

    def _perform(self, steps: Sequence[Step]) -> None:
        act = self._do_directly if self.plan.direct else self._do
        for step in steps:
            self.progress.do(step, partial(act, step), self._facts)

    @property
    def _wait(self) -> int:
        kinds = [step.kind for step in self.plan.steps]
        return kinds.index("wait") if "wait" in kinds else len(kinds)

    def finish(self, request: int = 0) -> Outcome:
        """Note that the submission came to its end, with the request that a larger run made for it, which began it."""
        self.outcome.request = request or self.outcome.request
        self.journal.finish(self._sent())
        return self.outcome

    def _do_directly(self, step: Step) -> None:
        try:
            self._do(step)
        except AnswerError as error:
            if error.status == 403:
                told = Problem(error.problems[0].message, hint="without --commit it is requested")
                raise ServerError(told) from error
            raise

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
            case "wait":
                self.outcome.builds = self.builds(self.server, self.plan.work)
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
                raise RefusalError(f"{place} changed on {self.server.connection.host} while this run was preparing")

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
        self._base("commit", revision=base, files=dict(self.plan.files))

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
        self._base("request", known=sorted(known), revision=revision)

        def send() -> int:
            return self.server.create_request("submit", [(work, revision, target)], self.plan.message)

        def landed() -> int | None:
            found = [one.number for one in self.server.requests(source=work, target=target) if one.number not in known]
            return found[-1] if found else None

        self.outcome.request = send_once(self.server, "the request", send, landed)

    def _supersede(self, number: int) -> None:
        supersede(self.server, number, self.outcome.request)
        self.outcome.superseded.append(number)

    def _base(self, kind: Kind, **facts: Any) -> None:
        """Note what a step that cannot be done twice begins from."""
        self.progress.write("base", Step(kind, ""), **{**self._facts(), **facts})

    def _facts(self) -> dict[str, Any]:
        return {"work": str(self.plan.work), "request": self.outcome.request, "revision": self.outcome.revision}

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
        )


def _state(listing: Listing | None) -> tuple[str, dict[str, str]] | None:
    return None if listing is None else (listing.digest, dict(listing.files))
