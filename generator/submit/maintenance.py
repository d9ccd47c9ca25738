"""Maintenance: every maintained codestream of a package in one request.

Each codestream is merged by itself: its own .changes stays the end of its file, its own external files and patches
stay, and what is new is what is new to that codestream.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from generator.errors import InputError, Problem, RefusalError, ServerError, SpecgenError
from generator.obs.records import BuildResult, Place, Request
from generator.obs.server import OPEN_STATES, Server
from generator.package.supply import PATCHES
from generator.submit.apply import Apply
from generator.submit.builds import Builds, require_success, wait_for_builds
from generator.submit.journal import Journal, Sent
from generator.submit.message import message as message_for
from generator.submit.plan import Step
from generator.submit.progress import Progress, looking, send_once, supersede
from generator.submit.session import Local, Prepared, Wishes, prepare

KIND = "maintenance_incident"


@dataclass(frozen=True)
class Codestream:
    """One codestream that would change: our package merged with what it holds, planned up to its branch."""

    prepared: Prepared

    @property
    def origin(self) -> Place:
        """Where it is maintained."""
        return self.prepared.plan.destination

    @property
    def branch(self) -> Place:
        """Where it is changed."""
        return self.prepared.plan.work

    @property
    def references(self) -> frozenset[str]:
        """The references of the entries that are new to it."""
        return frozenset(str(one) for entry in self.prepared.merged.new_entries for one in entry.references)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of it."""
        lacking = not any(one.startswith("bsc#") for one in self.references)
        return (*self.prepared.warnings, *(["no entry new to it has a bsc# reference"] if lacking else []))

    def problems(self) -> list[Problem]:
        """Why it cannot be asked for."""
        found = []
        if not self.references:
            found.append(
                Problem(
                    f"{self.origin}: no entry that is new to this codestream has a reference",
                    hint="a maintenance request tells which bug it is about: bsc#…",
                )
            )
        words = "\n".join(entry.body for entry in self.prepared.merged.new_entries)
        for name, why in self.prepared.merged.removed.items():
            if name.endswith(PATCHES) and not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", words):
                found.append(
                    Problem(
                        f"{self.origin}: its patch {name} would go ({why}), and no new entry says so",
                        hint="declare it here, under a condition for this codestream, or name it in .changes",
                    )
                )
        return found


@dataclass(frozen=True)
class Incident:
    """One request for all codestreams that would change (all of them where none would). `target` is the maintenance
    project, with the package's name.

    `open` is a request for exactly these files, 0 where there is none; `reason` says why nothing is to be done. With
    `wait` it is only asked for when all branches have been built.
    """

    target: Place
    codestreams: tuple[Codestream, ...]
    message: str
    open: int = 0
    superseded: tuple[int, ...] = ()
    reason: str = ""
    wait: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """What comes after the codestreams' own steps."""
        if self.reason:
            return ()
        count = len(self.codestreams)
        words = f"request that {self.target.project} takes {count} codestream{'s' if count > 1 else ''}"
        wait = (Step("wait", "wait for the builds of the branches"),) if self.wait else ()
        ask = () if self.open else (*wait, Step("request", words))
        by = self.open or "the new one"
        return (*ask, *(Step("supersede", f"supersede request {one} by {by}", str(one)) for one in self.superseded))


@dataclass
class Outcome:
    """What came of it: the request, and the branches that it asks to take."""

    request: int = 0
    branches: tuple[Place, ...] = ()
    superseded: list[int] = field(default_factory=list)
    created: bool = False
    builds: list[BuildResult] = field(default_factory=list)


@looking()
def look(server: Server, local: Local, journal: Journal, project: str, wishes: Wishes) -> Incident:
    """Look at all codestreams, merge each by itself, and plan. Nothing is sent.

    Raises:
        InputError: there is no such maintenance project; no codestream is maintained here, or not the one that a base
            is for; nothing that is new to one has a reference; or a codestream's own patch would go without a word.
        ServerError: the server is away.
    """
    package = local.sources.name
    server.require_project(project)
    origins = server.maintained(package)
    if not origins:
        raise InputError(
            f"{server.connection.host} maintains no codestream of {package}",
            hint="no project with the attribute OBS:Maintained has a package of that name",
        )
    wishes.check_bases([one.project for one in origins])
    branches = _branches(server, package, origins)
    found = [Codestream(prepare(server, local, one, journal, wishes, branches[one])) for one in origins]
    changed = tuple(one for one in found if not one.prepared.plan.reason)
    problems = [problem for one in changed for problem in one.problems()]
    if problems:
        raise InputError(problems)
    target = Place(project, package)
    entries = {entry.identity: entry for one in changed for entry in one.prepared.merged.new_entries}
    message = wishes.message or message_for(list(entries.values()), package)
    if not changed:
        return Incident(target, tuple(found), message, reason="every codestream holds exactly these files already")
    requests = _requests(server, branches.values(), project, OPEN_STATES)
    wanted = _wanted(changed)
    same = [one for one in requests if wanted is not None and wanted == _asked(one)]
    waiting = [one for one in same if one.state != "declined"]
    if waiting:
        number = waiting[-1].number
        others = tuple(one.number for one in requests if one.number < number)
        reason = "" if others else f"request {number} for exactly these files is {waiting[-1].state}"
        return Incident(target, changed, message, number, others, reason)
    if same and not wishes.message:
        reason = f"request {same[-1].number} for exactly these files was declined"
        return Incident(target, changed, message, same[-1].number, (), reason)
    superseded = tuple(one.number for one in requests)
    return Incident(target, changed, message, superseded=superseded, wait=wishes.wait)


class Submission:
    """One run of one incident: branch all codestreams, commit to each branch, ask for all of them at once."""

    def __init__(
        self,
        server: Server,
        local: Local,
        incident: Incident,
        journal: Journal,
        wishes: Wishes,
        tell: Callable[[str], None] = lambda _words: None,
        builds: Builds = wait_for_builds,
    ) -> None:
        self.server = server
        self.local = local
        self.builds = builds
        self.incident = incident
        self.journal = journal
        self.wishes = wishes
        to = (server.url, incident.target.project, incident.target.package)
        self.progress = Progress(journal, to, tell)
        self.outcome = Outcome(incident.open)

    def run(self) -> Outcome:
        """Do all steps.

        Raises:
            RefusalError: the server changed since the incident was planned.
            ServerError: a step failed; the same command goes on from there.
        """
        incident = self.incident
        if incident.reason:
            self._settle()
            return self.outcome
        with looking():
            self._check_unchanged()
        if any(one.prepared.plan.branch is None for one in incident.codestreams):
            words = f"branch the maintained codestreams of {incident.target.package}"
            self.progress.do(Step("branch", words), self._branch)
        with looking(self.progress.done):
            places = _branches(self.server, incident.target.package, [one.origin for one in incident.codestreams])
        commits = [self._commit(one, places[one.origin]) for one in incident.codestreams]
        self.outcome.branches = tuple(one.plan.work for one in commits)
        for step in incident.steps:
            self.progress.do(step, partial(self._do, step), lambda: {"request": self.outcome.request})
        self._finish(commits)
        return self.outcome

    def _finish(self, commits: Sequence[Apply]) -> None:
        """Note for every codestream, and for the request, that this came to its end."""
        for one in commits:
            one.finish(self.outcome.request)
        self.journal.finish(
            Sent(
                server=self.server.url,
                project=self.incident.target.project,
                package=self.incident.target.package,
                seen={},
                sent={},
                work=str(commits[0].plan.work),
                request=self.outcome.request,
            )
        )

    def _settle(self) -> None:
        """Note the end of a run that was killed when everything was done already."""
        places = [self.incident.target, *(one.origin for one in self.incident.codestreams)]
        if any(self.journal.unfinished(self.server.url, one.project, one.package) for one in places):
            self._finish([self._apply(one.prepared) for one in self.incident.codestreams])

    def _apply(self, prepared: Prepared) -> Apply:
        return Apply(
            self.server,
            prepared.plan,
            self.journal,
            partial(self.local.payload, prepared.merged),
            frozenset(self.local.sources.files),
            self.progress.tell,
            done=self.progress.done,
        )

    def _check_unchanged(self) -> None:
        for one in self.incident.codestreams:
            before, now = one.prepared.plan.target, self.server.listing(one.origin)
            if now is None or before is None or now.digest != before.digest:
                raise RefusalError(
                    f"{one.origin} changed on {self.server.connection.host} while this run was preparing"
                )

    def _branch(self) -> None:
        package = self.incident.target.package
        self.server.connection.patiently(lambda: self.server.branch_maintained(package))
        places = _branches(self.server, package, [one.origin for one in self.incident.codestreams])
        for origin, place in places.items():
            if self.server.listing(place) is None:  # one that an earlier run did not come to
                self.server.connection.patiently(partial(self.server.branch, origin, place))

    def _commit(self, codestream: Codestream, place: Place) -> Apply:
        planned = codestream.prepared.plan
        with looking(self.progress.done):
            ready = prepare(self.server, self.local, codestream.origin, self.journal, self.wishes, place)
            if dict(ready.plan.files) != dict(planned.files) or ready.drift:
                raise RefusalError(f"{codestream.origin} changed while this run was preparing")
        run = self._apply(ready)
        run.begin()
        return run

    def _do(self, step: Step) -> None:
        match step.kind:
            case "wait":
                self._wait()
            case "request":
                self._request()
            case "supersede":
                self._supersede(int(step.subject))

    def _wait(self) -> None:
        errors: list[SpecgenError] = []
        for branch in self.outcome.branches:
            self.progress.tell(f"the builds of {branch}")
            results = self.builds(self.server, branch)
            self.outcome.builds += results
            try:
                require_success(self.server, branch, results)
            except (ServerError, RefusalError) as error:
                errors.append(error)
        if errors:
            kind = ServerError if any(isinstance(error, ServerError) for error in errors) else RefusalError
            raise kind([problem for error in errors for problem in error.problems])

    def _request(self) -> None:
        project, actions = self.incident.target.project, []
        for one, branch in zip(self.incident.codestreams, self.outcome.branches, strict=True):
            listing = self.server.listing(branch)
            if listing is None or dict(listing.files) != dict(one.prepared.plan.files):
                raise RefusalError(f"{branch} changed before the request was created; run the same command again")
            actions.append((branch, str(listing.revision), Place(project, one.origin.project)))
        known = {one.number for one in _requests(self.server, self.outcome.branches, project)}
        self.progress.write("base", Step("request", ""), known=sorted(known))

        def landed() -> int | None:
            found = _requests(self.server, self.outcome.branches, project)
            return next((one.number for one in found if one.number not in known), None)

        def send() -> int:
            return self.server.create_request(KIND, actions, self.incident.message)

        self.outcome.request = send_once(self.server, "the request", send, landed)
        self.outcome.created = True

    def _supersede(self, number: int) -> None:
        supersede(self.server, number, self.outcome.request)
        self.outcome.superseded.append(number)


def _branches(server: Server, package: str, origins: Sequence[Place]) -> dict[Place, Place]:
    """The branch of each codestream: the one that links to it, else where it will be."""
    project = server.maintained_branches(package)
    found: dict[Place, Place] = {}
    if server.exists(project):
        for name in server.packages(project):
            listing = server.listing(Place(project, name))
            if listing is not None and listing.link is not None:
                found[listing.link] = listing.place
    return {one: found.get(one) or server.maintained_branch_name(one) for one in origins}


def _requests(server: Server, sources: Iterable[Place], project: str, states: tuple[str, ...] = ()) -> list[Request]:
    """The maintenance requests from any of these branches, oldest first."""
    found = {
        one.number: one
        for source in sources
        for one in server.requests(source=source, target=Place(project, ""), states=states)
        if one.kind == KIND
    }
    return [found[number] for number in sorted(found)]


def _asked(request: Request) -> frozenset[tuple[Place, str]]:
    return frozenset(zip(request.sources, request.revisions, strict=True))


def _wanted(codestreams: Sequence[Codestream]) -> frozenset[tuple[Place, str]] | None:
    """What a request for exactly the planned files asks for; None where a branch does not hold them yet."""
    plans = [one.prepared.plan for one in codestreams]
    if any(plan.branch is None or dict(plan.branch.files) != dict(plan.files) for plan in plans):
        return None
    return frozenset((plan.work, str(plan.branch.revision)) for plan in plans if plan.branch is not None)
