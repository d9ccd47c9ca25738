"""Maintenance: every maintained codestream of a package in one request.

Each codestream is merged by itself: its own .changes stays the end of its file, its own external files and patches
stay, and what is new is what is new to that codestream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from generator.errors import InputError, Problem, ServerError
from generator.obs.records import Place, Request
from generator.obs.server import OPEN_STATES, Server
from generator.submit.apply import Apply, send_once
from generator.submit.journal import Journal, Sent
from generator.submit.message import message as message_for
from generator.submit.session import Local, Prepared, Wishes, prepare

KIND = "maintenance_incident"


@dataclass(frozen=True)
class Codestream:
    """One codestream: where it is maintained, and our package merged with what it holds."""

    origin: Place
    prepared: Prepared

    @property
    def references(self) -> frozenset[str]:
        """The references of the entries that are new to it."""
        return frozenset(str(one) for entry in self.prepared.merged.new_entries for one in entry.references)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of it."""
        lacking = not any(one.startswith("bsc#") for one in self.references)
        return (*self.prepared.warnings, *(["no entry new to it has a bsc# reference"] if lacking else []))


@dataclass(frozen=True)
class Incident:
    """What came of it: the request, and the branches that it asks to take."""

    request: int
    branches: tuple[Place, ...]
    superseded: tuple[int, ...] = ()
    created: bool = True


def look(server: Server, local: Local, journal: Journal, wishes: Wishes) -> tuple[Codestream, ...]:
    """The codestreams that would change, each merged by itself. Nothing is sent.

    Raises:
        InputError: no codestream is maintained here, or nothing that is new to one has a reference.
        ServerError: the server is away.
    """
    package = local.sources.name
    origins = server.maintained(package)
    if not origins:
        raise InputError(f"{server.connection.host} maintains no codestream of {package}")
    direct = Wishes(direct=True, message=wishes.message, base=wishes.base)
    found = [Codestream(origin, prepare(server, local, origin, journal, direct)) for origin in origins]
    changed = tuple(one for one in found if one.prepared.plan.steps)
    problems = [
        Problem(
            f"{one.origin}: no entry that is new to this codestream has a reference",
            hint="a maintenance request tells which bug it is about: bsc#…",
        )
        for one in changed
        if not one.references
    ]
    if problems:
        raise InputError(problems)
    return changed


def submit(
    server: Server,
    local: Local,
    codestreams: Sequence[Codestream],
    journal: Journal,
    project: str,
    message: str = "",
    tell: Callable[[str], None] = lambda _words: None,
) -> Incident:
    """Branch all codestreams, commit to each branch, and ask the maintenance project to take them in one request.

    Raises:
        RefusalError: a branch changed while this ran.
        ServerError: a step failed; the same command goes on from there.
    """
    tell(f"branch the maintained codestreams of {local.sources.name}")
    together = server.connection.patiently(lambda: server.branch_maintained(local.sources.name))
    branches = _branches(server, together)
    lines = [entry for one in codestreams for entry in one.prepared.merged.new_entries]
    unique = list({entry.identity: entry for entry in lines}.values())
    words = message or message_for(unique, local.sources.name)
    actions = []
    for one in codestreams:
        branch = branches.get(one.origin)
        if branch is None:
            raise ServerError(
                f"{together} has no branch of {one.origin}", hint="look at the project, and branch it by hand"
            )
        ready = prepare(server, local, branch, journal, Wishes(direct=True, message=words))
        if ready.plan.steps:
            Apply(
                server,
                ready.plan,
                journal,
                lambda name, ready=ready: local.payload(ready.merged, name),  # type: ignore[misc]  # bound in the loop
                frozenset(local.sources.files),
                tell,
            ).run()
        listing = server.listing(branch)
        actions.append((branch, str(listing.revision if listing else 0), Place(project, one.origin.project)))
    return _request(server, journal, actions, words, tell)


def _branches(server: Server, project: str) -> dict[Place, Place]:
    """The branches in a project, by what each is a branch of."""
    found = {}
    for name in server.packages(project):
        listing = server.listing(Place(project, name))
        if listing is not None and listing.link is not None:
            found[listing.link] = listing.place
    return found


def _request(
    server: Server,
    journal: Journal,
    actions: Sequence[tuple[Place, str, Place]],
    words: str,
    tell: Callable[[str], None],
) -> Incident:
    branches = tuple(source for source, _, _ in actions)
    target = Place(actions[0][2].project, "")

    def earlier(states: tuple[str, ...] = ()) -> list[Request]:
        return [one for one in server.requests(source=branches[0], target=target, states=states) if one.kind == KIND]

    wanted = {(source, revision) for source, revision, _ in actions}
    before = earlier(OPEN_STATES)
    for one in before:
        if one.state != "declined" and set(zip(one.sources, one.revisions, strict=True)) == wanted:
            return Incident(one.number, branches, created=False)
    known = {one.number for one in earlier()}
    to = [server.url, target.project, branches[0].package]
    journal.write(phase="before", step="request", subject="", to=to, known=sorted(known))
    tell(f"request that {target.project} takes {len(actions)} codestreams")

    def landed() -> int | None:
        return next((one.number for one in earlier() if one.number not in known), None)

    number = send_once(server, "the request", lambda: server.create_request(KIND, actions, words), landed)
    for one in before:
        tell(f"supersede request {one.number}")
        server.supersede(one.number, number, f"superseded by request {number}")
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    work = str(branches[0])
    journal.finish(Sent(server.url, target.project, branches[0].package, {}, {}, {}, work, 0, number, moment))
    return Incident(number, branches, tuple(one.number for one in before))
