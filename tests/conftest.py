"""What all tests share: one reader of librpm and one private Open Build Service a session."""

from __future__ import annotations

import base64
import itertools
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.errors import RefusalError
from generator.librpm import Librpm
from generator.obs.backend import missing_programs


class PrivateObs:
    """A running private server, for tests: as its administrator, without osc, and as a packager, with it."""

    def __init__(self, folder: Path, *, builds: bool = False) -> None:
        from generator.obs.private import PrivateServer

        self.folder = folder
        self.server = PrivateServer(folder / "data", builds=builds)
        self.server.start()
        self.oscrc = self.server.write_configuration(folder / "oscrc")
        self._numbers = itertools.count(1)

    @property
    def url(self) -> str:
        return self.server.url

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, login: str = "Admin", **query: str
    ) -> tuple[int, bytes]:
        """One call as any person, with the status and the body of the answer."""
        account = self.server.gateway.accounts[login]
        mark = base64.b64encode(f"{account.login}:{account.password}".encode()).decode()
        url = f"{self.url}{urllib.parse.quote(path)}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        data = body.encode() if isinstance(body, str) else body
        headers = {"Authorization": f"Basic {mark}", "Content-Type": "application/xml"}
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310  our own loopback address
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  as above
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def need(
        self, method: str, path: str, body: bytes | str | None = None, login: str = "Admin", **query: str
    ) -> bytes:
        """One call that must succeed."""
        status, answer = self.ask(method, path, body, login, **query)
        assert status == 200, (method, path, status, answer)
        return answer

    def project(self, name: str = "") -> str:
        """A new project."""
        name = name or f"test:{next(self._numbers)}"
        self.need("PUT", f"/source/{name}/_meta", f'<project name="{name}"><title/><description/></project>')
        return name

    def package(self, project: str, name: str, files: dict[str, bytes] | None = None) -> None:
        """A package with these files, in one commit; a package that is there gets exactly these files."""
        meta = f'<package name="{name}" project="{project}"><title>{name}</title><description/></package>'
        self.need("PUT", f"/source/{project}/{name}/_meta", meta)
        if files is not None:
            self.commit(project, name, files)

    def commit(self, project: str, name: str, files: dict[str, bytes], login: str = "Admin") -> None:
        """Commit exactly these files, as somebody other than specgen would."""
        import hashlib

        entries = ""
        for file, content in files.items():
            self.need("PUT", f"/source/{project}/{name}/{file}", content, login, rev="repository")
            digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
            escaped = file.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
            entries += f'<entry name="{escaped}" md5="{digest}"/>'
        body = f"<directory>{entries}</directory>"
        query = {"cmd": "commitfilelist", "comment": "by somebody else", "keeplink": "1"}
        self.need("POST", f"/source/{project}/{name}", body, login, **query)

    def files(self, project: str, name: str, revision: str = "latest") -> dict[str, bytes]:
        """All files of a package, expanded."""
        from lxml import etree

        root = etree.fromstring(self.need("GET", f"/source/{project}/{name}", rev=revision, expand="1"))
        digest = root.get("srcmd5")
        return {
            entry.get("name"): self.need("GET", f"/source/{project}/{name}/{entry.get('name')}", rev=digest)
            for entry in root.findall("entry")
        }

    def stop(self) -> None:
        self.server.stop()


def require_obs(*, builds: bool = False) -> None:
    """Skip where the real backend is not installed; where everything must be there (CI), fail."""
    lacking = missing_programs(builds=builds)
    if lacking and os.environ.get("CI"):
        pytest.fail(f"the real OBS backend is missing: {lacking}")
    if lacking:
        pytest.skip(f"the real OBS backend is missing ({lacking}); scripts/setup installs it")


@pytest.fixture(scope="session")
def obs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateObs]:
    """One private server for the whole session; every test makes projects of its own in it."""
    require_obs()
    server = PrivateObs(tmp_path_factory.mktemp("obs"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def librpm() -> Iterator[Librpm]:
    """One reader for all tests, as one command has one for all specs: no test may disturb the next."""
    with Librpm.start() as reader:
        try:
            reader.greet()
        except RefusalError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))  # a developer's machine without librpm
        if reader.no_sandbox and not os.environ.get("CI"):
            pytest.skip(reader.no_sandbox)  # as above, without bubblewrap
        yield reader
