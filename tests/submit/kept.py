"""A private server, and what one user remembers of it, that are set back to the same state before every case."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from generator.obs.client import Configuration, Patience
from generator.obs.server import Server
from tests.conftest import PrivateObs
from tests.submit.conftest import Bench, new_bench

T = TypeVar("T")

ALONE = ("run", "log")  # sockets of the running daemons, and what they say
PATIENCE = Patience(timeout=10, retries=2, pause=0.02)


class Kept:
    """The server goes on running: its daemons hold nothing in memory that is not on disk.

    What a case begins from is made once, by real submissions, and its files are copied; every case gets a copy back.
    """

    def __init__(self, folder: Path) -> None:
        self.obs = PrivateObs(folder)
        self.state = folder / "state"
        self._copies = folder / "copies"
        self._begun: dict[str, tuple[Bench, object]] = {}
        self._keep("")

    def begin(self, name: str, prepare: Callable[[Bench], T]) -> T:
        """Set everything back to how `prepare`, which has this name, leaves a new bench; gives what it gave."""
        if name not in self._begun:
            self._restore("")
            bench = new_bench(self.obs, self.state, PATIENCE)
            self._begun[name] = bench, prepare(bench)
            self._keep(name)
        self._restore(name)
        bench, made = self._begun[name]
        bench.server = direct(bench)
        bench.told.clear()
        return made  # type: ignore[return-value]

    def _folders(self) -> list[Path]:
        data = self.obs.folder / "data"
        held = [one for one in (data / "backend").iterdir() if one.name not in ALONE]
        return [*held, data / "gateway", *([self.state] if self.state.exists() else [])]

    def _keep(self, name: str) -> None:
        for folder in self._folders():
            shutil.copytree(folder, self._copies / f"_{name}" / folder.relative_to(self.obs.folder))

    def _restore(self, name: str) -> None:
        for folder in self._folders():
            shutil.rmtree(folder)
        shutil.copytree(self._copies / f"_{name}", self.obs.folder, dirs_exist_ok=True)


def direct(bench: Bench) -> Server:
    return Server(Configuration(bench.obs.oscrc, PATIENCE).connect())
