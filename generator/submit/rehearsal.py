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
from generator.submit.apply import Apply, Outcome
from generator.submit.journal import Journal
from generator.submit.session import Local, Prepared, Wishes, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Rehearsed:
    """What came of it: the request's number and difference, and that accepting it gave exactly the planned files."""

    outcome: Outcome
    prepared: Prepared
    diff: str
    accepted: bool


class Stage:
    """A private server for rehearsing on."""

    def __init__(self, private: PrivateServer) -> None:
        self.private = private

    def furnish(self, place: Place, held: Sources | None) -> None:
        """Make the target as the real server has it; archives become stand-ins of a line each."""
        admin = self._as(ADMINISTRATOR)
        if not admin.exists(place.project):
            admin.make_project(place.project, "For a rehearsal")
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
        diff = server.request_diff(outcome.request) if outcome.request else ""
        admin = self._as(ADMINISTRATOR)
        if outcome.request:
            admin.accept(outcome.request, "a rehearsal")
        after: Listing | None = admin.listing(place)
        if after is None or dict(after.files) != dict(prepared.plan.files):
            raise ServerError(f"after the rehearsal {place} does not hold the planned files")
        return Rehearsed(outcome, prepared, diff, bool(outcome.request))

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
