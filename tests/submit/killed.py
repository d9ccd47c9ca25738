"""Run by test_killed.py in a process of its own: one submission that kills itself at one point of its journal."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from generator.obs.client import Configuration
from generator.obs.records import Place
from generator.obs.server import Server
from generator.submit.apply import Apply
from generator.submit.journal import Journal
from generator.submit.maintenance import Submission, look
from generator.submit.session import Wishes, prepare
from tests.submit.hello import local


class Deadly(Journal):
    """Kills its process at point number `at`: the even ones lie before a line is written, the odd ones after."""

    at = -1
    point = 0

    def write(self, **facts: object) -> None:
        self._pass()
        super().write(**facts)
        self._pass()

    def _pass(self) -> None:
        if self.point == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.point += 1


def main(oscrc: str, state: str, project: str, folder: str, at: str, *maintenance: str) -> None:
    """With a word more, the externals of the package, `project` is the maintenance project."""
    files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    package = local(files, tuple(maintenance[0].split()) if maintenance else ("hello-1.tar",))
    server = Server(Configuration(Path(oscrc)).connect())
    journal = Deadly("hello", Path(state))
    journal.at = int(at)
    with journal.lock():
        if maintenance:
            incident = look(server, package, journal, project, Wishes())
            assert not any(one.prepared.drift for one in incident.codestreams), incident
            Submission(server, package, incident, journal, Wishes()).run()
        else:
            prepared = prepare(server, package, Place(project, "hello"), journal, Wishes())
            assert not prepared.drift, prepared.drift
            Apply(
                server,
                prepared.plan,
                journal,
                lambda name: package.payload(prepared.merged, name),
                frozenset(package.sources.files),
            ).run()
    sys.stdout.write(str(journal.point))


if __name__ == "__main__":
    main(*sys.argv[1:])
