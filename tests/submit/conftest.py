from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.obs.client import Configuration, Patience
from generator.obs.records import Place
from generator.obs.server import Server
from generator.submit.apply import Apply, Outcome
from generator.submit.journal import Journal
from generator.submit.progress import looking
from generator.submit.session import Local, Prepared, Wishes, prepare
from tests.conftest import PrivateObs, require_obs
from tests.submit.hello import OLD, spec

if TYPE_CHECKING:
    from tests.submit.kept import Kept


@dataclass
class Bench:
    """A target project with the package hello, and what one user needs to submit to it."""

    obs: PrivateObs
    server: Server
    state: Path
    target: Place
    told: list[str] = field(default_factory=list)

    @property
    def branch(self) -> Place:
        return self.server.branch_name(self.target)

    def journal(self) -> Journal:
        return Journal("hello", self.state)

    def prepare(self, package: Local, **wishes: object) -> Prepared:
        with looking():
            return prepare(self.server, package, self.target, self.journal(), Wishes(**wishes))

    def apply(self, prepared: Prepared, journal: Journal | None = None, server: Server | None = None) -> Outcome:
        return Apply(
            server or self.server,
            prepared.plan,
            journal or self.journal(),
            lambda name: prepared.local.payload(prepared.merged, name),
            frozenset(prepared.local.sources.files),
            self.told.append,
        ).run()

    def submit(self, package: Local, **wishes: object) -> Outcome:
        return self.apply(self.prepare(package, **wishes))

    def files(self, place: Place | None = None) -> dict[str, bytes]:
        place = place or self.target
        return self.obs.files(place.project, place.package)

    def accept(self, number: int) -> None:
        self.obs.need("POST", f"/request/{number}", "ok", cmd="changestate", newstate="accepted")

    def counts(self) -> tuple[int, int]:
        """The user's commits in the branch (branching makes a revision without words), and the requests from it."""
        listing = self.server.listing(self.branch)
        history = self.server.history(self.branch) if listing else ()
        commits = sum(bool(one.comment) and one.user == self.server.user for one in history)
        return commits, len(self.server.requests(source=self.branch))


def new_bench(obs: PrivateObs, state: Path, patience: Patience) -> Bench:
    """A new target project with the package in it."""
    target = Place(obs.project(), "hello")
    files = {"hello.spec": spec().encode(), "hello.changes": OLD.encode(), "hello-1.tar": b"\0archive\xff"}
    obs.package(target.project, "hello", {**files, "README": b"a stranger\n"})
    return Bench(obs, Server(Configuration(obs.oscrc, patience).connect()), state, target)


@pytest.fixture
def patience() -> Patience:
    return Patience(timeout=10, retries=2, pause=0.02)


@pytest.fixture
def make_bench(obs: PrivateObs, tmp_path: Path, patience: Patience) -> Callable[[], Bench]:
    return partial(new_bench, obs, tmp_path / "state", patience)


@pytest.fixture
def bench(make_bench: Callable[[], Bench]) -> Bench:
    return make_bench()


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """One server for all cases that begin from the same state; whoever uses it begins with `begin`."""
    from tests.submit.kept import Kept

    require_obs()
    made = Kept(tmp_path_factory.mktemp("kept"))
    yield made
    made.obs.stop()
