"""A private server that builds leaves no process, mount, port or folder behind, however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.errors import RefusalError
from generator.obs import backend, buildroot
from generator.obs.backend import Backend
from generator.obs.client import Configuration
from generator.obs.records import Place, md5
from generator.obs.server import Server
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


@pytest.fixture
def building(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    """`specgen obs serve --builds` in the middle of a build, its temporary data folder, and its port."""
    require_obs(builds=True)
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [*SERVE, "--builds"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as served:
        try:
            told = "".join(iter(served.stdout.readline, "interrupt to stop\n"))
            url, data = re.search(r"serving on (\S+), data in (\S+) \(temporary\)", told).groups()
            repository = re.search(r"<repository .*</repository>", told)[0]
            server = Server(Configuration(Path(data) / "oscrc").connect())
            place = Place("home:packager:endless", "hello")
            meta = f'<project name="{place.project}"><title/><description/>{repository}</project>'
            server.connection.put("source", place.project, "_meta", body=meta.encode())
            server.make_package(place, "hello")
            server.upload(place, "hello.spec", SPEC.encode())
            server.commit(place, {"hello.spec": md5(SPEC.encode())}, "Wait")
            assert wait_until(lambda: inside(Path(data)) and any("/proc" in one for one in mounted(Path(data))), 60)
            assert "building" in {one.code for one in server.results(place)}
            yield served, Path(data), int(url.rpartition(":")[2])
        finally:  # who leaves the block waits for its end
            served.kill()


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
