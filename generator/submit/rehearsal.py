"""A rehearsal: the same steps on a private server that is made for it and gone afterwards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.errors import ServerError
from generator.obs.client import Configuration
from generator.obs.gateway.accounts import ADMINISTRATOR, PERSON
from generator.obs.private import PrivateServer
from generator.obs.records import Listing, Place, md5
from generator.obs.server import Server
from generator.sources import Sources
from generator.submit.apply import Apply
from generator.submit.journal import Journal
from generator.submit.maintenance import Incident, Submission, look
from generator.submit.plan import Plan
from generator.submit.session import Local, Prepared, Wishes, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Rehearsed:
    """What came of it: the number (0 after a direct commit) and the difference of the request that was accepted."""

    request: int
    diff: str


class Stage:
    """A private server for rehearsing on."""

    def __init__(self, private: PrivateServer) -> None:
        self.private = private

    def furnish(self, place: Place, held: Sources | None, *, maintained: bool = False) -> None:
        """Make the target as the real server has it; archives become stand-ins of a line each."""
        admin = self._as(ADMINISTRATOR)
        if not admin.exists(place.project):
            admin.make_project(place.project, "For a rehearsal")
        if maintained:
            admin.mark_maintained(place.project)
        if held is None:
            return
        admin.make_package(place, place.package)
        contents = {name: file.content for name, file in held.files.items()}
        contents.update({one.name: f"a stand-in for {one.name}\n".encode() for one in held.externals})
        for name, content in contents.items():
            admin.upload(place, name, content)
        admin.commit(place, {name: md5(content) for name, content in contents.items()}, "as it is")

    def prepare(self, local: Local, place: Place, wishes: Wishes) -> Prepared:
        """Look, merge and plan on the private server.

        Raises:
            SpecgenError: as in the real run.
        """
        if wishes.direct:
            self._as(ADMINISTRATOR).make_project(place.project, "For a rehearsal", maintainer=PERSON)
        return prepare(self._as(PERSON), local, place, self._journal(place), wishes)

    def play(self, prepared: Prepared, tell: Callable[[str], None] = lambda _words: None) -> Rehearsed:
        """Do what a submission would do, then accept it as the target's maintainer would.

        Raises:
            SpecgenError: as in the real run.
        """
        local, place = prepared.local, prepared.plan.destination
        server = self._as(PERSON)
        outcome = Apply(
            server,
            prepared.plan,
            self._journal(place),
            lambda name: local.payload(prepared.merged, name),
            frozenset(local.sources.files),
            tell,
        ).run()
        diff = self._accept(server, outcome.request) if outcome.request else ""
        self._prove(place, prepared.plan)
        return Rehearsed(outcome.request, diff)

    def look(self, local: Local, project: str, wishes: Wishes) -> Incident:
        """Look at the maintained codestreams on the private server, merge and plan.

        Raises:
            SpecgenError: as in the real run.
        """
        return look(self._as(PERSON), local, self._journal(Place(project, local.sources.name)), project, wishes)

    def play_incident(
        self, local: Local, incident: Incident, wishes: Wishes, tell: Callable[[str], None] = lambda _words: None
    ) -> Rehearsed:
        """Do what a maintenance submission would do, then accept it as the maintenance team would.

        Raises:
            SpecgenError: as in the real run.
        """
        server = self._as(PERSON)
        outcome = Submission(server, local, incident, self._journal(incident.target), wishes, tell).run()
        if not outcome.request:
            return Rehearsed(0, "")
        diff = self._accept(server, outcome.request)
        for one in incident.codestreams:
            made = Place(f"{incident.target.project}:{outcome.request}", one.branch.package)
            self._prove(made, one.prepared.plan)
        return Rehearsed(outcome.request, diff)

    def _accept(self, server: Server, number: int) -> str:
        """Accept a request, and give what it changed."""
        diff = server.request_diff(number)
        self._as(ADMINISTRATOR).accept(number, "a rehearsal")
        return diff

    def _prove(self, place: Place, plan: Plan) -> None:
        after: Listing | None = self._as(ADMINISTRATOR).listing(place)
        if after is None or dict(after.files) != dict(plan.files):
            raise ServerError(f"after the rehearsal {place} does not hold the planned files")

    def _as(self, login: str) -> Server:
        path = self.private.write_configuration(self.private.data / f"{login}.oscrc", login)
        return Server(Configuration(path).connect())

    def _journal(self, place: Place) -> Journal:
        return Journal(place.package, self.private.data / "state")


@contextmanager
def stage() -> Iterator[Stage]:
    """A private server, gone at the end, whatever happens.

    osc's configuration is the private server's inside; make another `Configuration` afterwards.

    Raises:
        RefusalError: this machine lacks the real backend.
    """
    with PrivateServer() as private:
        yield Stage(private)
