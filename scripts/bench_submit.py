"""The submission's measurement of scripts/bench: `specgen submit` and the same flow by hand, on one private OBS."""

from __future__ import annotations

import hashlib
import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path

from generator.obs.backend import missing_programs

ADMINISTRATOR, PERSON = "Admin", "packager"

# Branch, check out, put the rendered files in, commit, request: what a maintainer's own script does with osc's library.
BY_HAND = """
import shutil, sys
from pathlib import Path
import osc.conf, osc.core
project, package, rendered, scratch = sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
osc.conf.get_config()
server = osc.conf.config["apiurl"]
_, branch, name, *_ = osc.core.branch_pkg(server, project, package, nodevelproject=True, return_existing=True)
osc.core.checkout_package(server, branch, name, expand_link=True, prj_dir=scratch)
folder = scratch / name
known = {path.name for path in folder.iterdir()}
for path in sorted(rendered.iterdir()):
    shutil.copy(path, folder)
copy = osc.core.Package(str(folder))
for path in sorted(rendered.iterdir()):
    if path.name not in known:
        copy.addfile(path.name)
copy.commit("by hand")
revision = osc.core.show_upstream_rev(server, branch, name)
print(osc.core.create_submit_request(server, branch, name, project, package, "by hand", orev=revision))
"""

Timed = Callable[..., float]


class Submission:
    """A private server with a new target project for every run, and the two ways to submit docker to it."""

    def __init__(self, folder: Path, rendered: Path, binaries: Path, timed: Timed) -> None:
        from generator.obs.client import Configuration
        from generator.obs.private import PrivateServer
        from generator.obs.server import Server

        self.folder = folder
        self.rendered = rendered
        self.binaries = binaries
        self.timed = timed
        self.private = PrivateServer(folder / "obs")
        self.private.start()
        self.oscrc = self.private.write_configuration(folder / "oscrc", PERSON)
        self.admin = Server(Configuration(self.private.write_configuration(folder / "admin", ADMINISTRATOR)).connect())
        self._numbers = itertools.count(1)

    def specgen(self) -> float:
        """One `specgen submit`, from the definition to the request; milliseconds."""
        project = self._target()
        return self._measured(project, [str(self.binaries / "specgen"), "submit", "docker", "--to", project, "--yes"])

    def by_hand(self) -> float:
        """The same with osc's library, from files that were rendered before; milliseconds."""
        project = self._target()
        scratch = self.folder / project
        scratch.mkdir()
        python = str(self.binaries / "python")
        return self._measured(project, [python, "-c", BY_HAND, project, "docker", str(self.rendered), str(scratch)])

    def stop(self) -> None:
        """Stop the server."""
        self.private.stop()

    def _target(self) -> str:
        """A new project with docker as it was: other words in its spec and the archives, of a line each."""
        from generator.cli.application import Application, default_specs
        from generator.obs.records import Place

        project = f"bench{next(self._numbers)}"
        place = Place(project, "docker")
        self.admin.make_project(project, "For a measurement")
        self.admin.make_package(place, "docker")
        sources = Application(default_specs()).package("docker").sources()
        contents = {one.name: f"{one.name}\n".encode() for one in sources.externals}
        contents["docker.spec"] = b"# as it was\n" + sources.files["docker.spec"].content
        for name, content in contents.items():
            self.admin.upload(place, name, content)
        digests = {name: hashlib.md5(content, usedforsecurity=False).hexdigest() for name, content in contents.items()}
        self.admin.commit(place, digests, "as it was")
        return project

    def _measured(self, project: str, command: list[str]) -> float:
        from generator.obs.records import Place

        environment = {**os.environ, "OSC_CONFIG": str(self.oscrc), "SPECGEN_STATE": str(self.folder / "state")}
        took = self.timed(command, environment, (0,))
        branch = Place(f"home:{PERSON}:branches:{project}", "docker")
        listing = self.admin.listing(branch)
        mine = {path.name for path in self.rendered.iterdir()}
        if listing is None or not mine <= set(listing.files) or not self.admin.requests(source=branch):
            sys.exit(f"{command[0]}: the branch does not hold docker, or nothing was requested")
        return took


def submission(folder: Path, rendered: Path, binaries: Path, timed: Timed) -> Submission | None:
    """The measurement, ready to run; None, said on standard error, where the real backend is not installed."""
    lacking = missing_programs()
    if lacking:
        print(f"NOT MEASURED: the submission; this machine lacks {lacking}", file=sys.stderr)
        return None
    folder.mkdir()
    return Submission(folder, rendered, binaries, timed)
