"""A private server that builds leaves no process, mount, port or folder behind, however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from generator.errors import RefusalError
from generator.obs import backend, buildroot
from generator.obs.backend import ARCHITECTURE, Backend
from generator.obs.client import Configuration
from generator.obs.records import Place, md5
from generator.obs.server import Server
from generator.submit.builds import Waiting, wait_for_builds
from tests.cli.test_obs import SERVE
from tests.conftest import require_obs
from tests.obs.test_backend import closed, listeners, wait_until

SPEC = """\
Name: hello
Version: 1
Release: 0
Summary: A greeting
License: MIT
BuildArch: noarch
%description
It greets.
%build
sleep 1000
%files
"""


def inside(data: Path) -> set[int]:
    """The processes whose root lies below the folder."""
    found = set()
    for process in Path("/proc").iterdir():
        try:
            root = str((process / "root").readlink()) if process.name.isdigit() else ""
        except OSError:
            continue
        if root.startswith(str(data)):
            found.add(int(process.name))
    return found


def mounted(data: Path) -> set[str]:
    """The mounts below the folder, in every namespace."""
    found = set()
    for process in Path("/proc").iterdir():
        try:
            table = (process / "mounts").read_text() if process.name.isdigit() else ""
        except OSError:
            continue
        found |= {line.split()[1] for line in table.splitlines() if f" {data}/" in line}
    return found


def gone(data: Path) -> bool:
    return not (listeners(data) or inside(data) or mounted(data))


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Path, Server]]:
    """`specgen obs serve --builds`, its data folder, and the server as a packager sees it."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    command = [*SERVE, "--builds", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as served:
        try:
            told = "".join(iter(served.stdout.readline, "interrupt to stop\n"))
            data = Path(re.search(r"serving on \S+, data in (\S+)", told)[1])
            assert buildroot.repository(ARCHITECTURE) in told
            yield served, data, Server(Configuration(data / "oscrc").connect())
        finally:  # who leaves the block waits for its end
            served.kill()


def make(server: Server, project: str, **specs: str) -> list[Place]:
    """A project that is built, with a package for each spec."""
    repository = buildroot.repository(ARCHITECTURE)
    meta = f'<project name="{project}"><title/><description/>{repository}</project>'
    server.connection.put("source", project, "_meta", body=meta.encode())
    places = [Place(project, name) for name in specs]
    for place in places:
        content = specs[place.package].replace("hello", place.package).encode()
        server.make_package(place, place.package)
        server.upload(place, f"{place.package}.spec", content)
        server.commit(place, {f"{place.package}.spec": md5(content)}, "Begin")
    return places


def wait_until_it_builds(server: Server, *places: Place, data: Path) -> None:
    assert wait_until(lambda: inside(data) and any("/proc" in one for one in mounted(data)), 60)
    assert wait_until(lambda: "building" in {one.code for place in places for one in server.results(place)}, 60)


@pytest.fixture
def building(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    """`specgen obs serve --builds` in the middle of a build, its temporary data folder, and its port."""
    require_obs(builds=True)
    with serving(tmp_path) as (served, data, server):
        (place,) = make(server, "home:packager:endless", hello=SPEC)
        wait_until_it_builds(server, place, data=data)
        yield served, data, int(server.url.rpartition(":")[2])


@pytest.mark.live
@pytest.mark.root
def test_killed_while_it_builds(building: tuple[subprocess.Popen[str], Path, int]) -> None:
    served, data, port = building
    served.send_signal(signal.SIGKILL)
    assert wait_until(lambda: gone(data) and not data.exists())
    assert closed(port)


@pytest.mark.live
@pytest.mark.root
def test_even_the_supervisor_is_killed_while_it_builds(building: tuple[subprocess.Popen[str], Path, int]) -> None:
    _, data, _ = building
    pid = next(int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and supervises(one, data))
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: gone(data))


OFTEN = Waiting(longest=1.0)  # a server that nobody shares
QUICK = SPEC.replace("sleep 1000\n", "")
SLOW = SPEC.replace("sleep 1000", "sleep 10")


def held(server: Server, places: list[Place]) -> list[object]:
    """All that is kept of these packages: files, history, requests, what was built and when."""
    kept: list[object] = [(server.listing(place), server.history(place)) for place in places]
    return [*kept, *(server.requests(source=place) for place in places), jobs(server, places[0])]


def jobs(server: Server, place: Place) -> list[tuple[str, str]]:
    """The builds of a package that have ended: what of, and when."""
    path = ("build", place.project, "standard", ARCHITECTURE, "_jobhistory")
    found = server.connection.get_xml(*path, query={"package": place.package})
    return [(one.get("srcmd5"), one.get("endtime")) for one in found]


@pytest.mark.live
@pytest.mark.root
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_started_again_it_has_lost_nothing_and_builds_on(tmp_path: Path, number: signal.Signals) -> None:
    require_obs(builds=True)
    data = tmp_path / "data"
    with serving(tmp_path, "--data", str(data)) as (served, _, server):
        (quick,) = make(server, "home:packager:quick", quick=QUICK)
        assert [one.code for one in wait_for_builds(server, quick, waiting=OFTEN)] == ["succeeded"]
        slow, next_ = make(server, "home:packager:slow", slow=SLOW, next=SLOW)  # one is built, one waits for it
        taken = Place(slow.project, "quick")
        request = server.create_request("submit", [(quick, "1", taken)], "Take it")
        wait_until_it_builds(server, slow, next_, data=data)
        address, before = server.url, held(server, [quick, slow, next_])
        served.send_signal(number)
    assert wait_until(lambda: gone(data))

    with serving(tmp_path, "--data", str(data)) as (served, _, server):
        assert (server.url, held(server, [quick, slow, next_])) == (address, before)
        for place in (slow, next_):
            assert [one.code for one in wait_for_builds(server, place, waiting=OFTEN)] == ["succeeded"]
            assert len(jobs(server, place)) == 1
        assert held(server, [quick, slow, next_]) == before, "what was built is not built again"
        server.accept(request, "Well")
        assert server.listing(taken).files == server.listing(quick).files
        served.send_signal(signal.SIGINT)
        assert served.stdout.read() == "stopped\n"
        assert served.wait() == 0
    assert gone(data)


def supervises(process: Path, data: Path) -> bool:
    """Whether this process started the scheduler that works in the folder."""
    children = (process / "task" / process.name / "children").read_text().split()
    lines = [Path("/proc", child, "cmdline").read_bytes() for child in children]
    return any(str(data).encode() in line and b"bs_sched" in line for line in lines)


def test_builds_need_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_obs(builds=True)
    monkeypatch.setattr(backend.os, "geteuid", lambda: 1000)
    with pytest.raises(RefusalError, match="building needs root"):
        Backend(tmp_path / "data", builds=True).start()


def test_builds_need_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "APART", ("sh", "-c", "echo unshare failed: not permitted >&2; exit 1"))
    monkeypatch.setattr(backend.os, "geteuid", lambda: 0)
    monkeypatch.setattr(backend, "missing_programs", lambda *, builds: "")
    with pytest.raises(RefusalError, match="of its own: unshare failed: not permitted"):
        Backend(tmp_path / "data", builds=True).start()


def test_a_build_root_is_what_its_packages_need() -> None:
    depends = {
        "rpm": "libc6 (>= 2.34), perl:any, editor | vim",
        "libc6": "libgcc-s1",
        "libgcc-s1": "",
        "perl": "perl-modules",
        "perl-modules": "",
        "nano": "libc6",
        "unrelated": "rpm",
    }
    provides = {"editor": "nano"}
    whole = ("libc6", "libgcc-s1", "nano", "perl", "perl-modules", "rpm")
    assert buildroot.closure(["rpm", "not-installed"], depends, provides) == whole
    assert buildroot.closure(["rpm"], depends, provides, without=["perl"]) == ("libc6", "libgcc-s1", "nano", "rpm")


def test_without_debian_there_is_no_build_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buildroot.shutil, "which", lambda _name: None)
    with pytest.raises(RefusalError, match="made of Debian packages"):
        buildroot.write_rpm(tmp_path)
