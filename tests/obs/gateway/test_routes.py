from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree

from generator.obs.client import Configuration
from generator.obs.records import Place
from generator.obs.server import Server
from tests.conftest import PrivateObs

OSC = Path(sys.executable).with_name("osc")


def osc(obs: PrivateObs, *arguments: str) -> str:
    """The output of the real osc, as packager."""
    done = subprocess.run(
        [str(OSC), "--config", str(obs.oscrc), *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nobody_gets_in_without_a_password(obs: PrivateObs) -> None:
    address = urlsplit(obs.url)
    for mark in (b"", b"Authorization: Basic bm9ib2R5OngK\r\n", b"Cookie: obs_%d=x.y\r\n" % address.port):
        with socket.create_connection((address.hostname, address.port)) as one:
            one.sendall(b"GET /source HTTP/1.1\r\nHost: x\r\n" + mark + b"Connection: close\r\n\r\n")
            answer = b"".join(iter(lambda: one.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 401")
        assert b'WWW-Authenticate: Basic realm="' in answer


def test_a_body_that_is_cut_off_changes_nothing(obs: PrivateObs) -> None:
    project = obs.project("home:packager")
    obs.package(project, "cut", {"a": b"whole"})
    account = obs.server.gateway.accounts["packager"]
    cookie = f"obs_{urlsplit(obs.url).port}={obs.server.gateway.accounts.session(account.login)}"
    head = f"PUT /source/{project}/cut/a HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nContent-Length: 1000\r\n\r\npart"
    address = urlsplit(obs.url)
    with socket.create_connection((address.hostname, address.port)) as one:
        one.sendall(head.encode())
        one.shutdown(socket.SHUT_WR)
        assert one.recv(100) == b""
    assert obs.files(project, "cut") == {"a": b"whole"}


def test_the_right_to_write(obs: PrivateObs) -> None:
    project = obs.project()
    obs.package(project, "hello", {"a": b"1"})
    put = ("PUT", f"/source/{project}/hello/a", b"2", "packager")
    assert obs.ask(*put)[0] == 403
    assert obs.ask("PUT", "/configuration", b"<configuration/>", "packager")[0] == 403
    people = '<person userid="packager" role="maintainer"/>'
    meta = f'<package name="hello" project="{project}"><title/><description/>{people}</package>'
    obs.need("PUT", f"/source/{project}/hello/_meta", meta)
    assert obs.ask(*put)[0] == 200
    assert obs.ask("DELETE", f"/source/{project}/hello", login="packager")[0] == 403


def test_maintained_instances_are_found_and_branched(obs: PrivateObs) -> None:
    first, second, other = obs.project(), obs.project(), obs.project()
    for project in (first, second, other):
        repository = '<repository name="standard"><arch>x86_64</arch></repository>'
        meta = f'<project name="{project}"><title/><description/>{repository}</project>'
        obs.need("PUT", f"/source/{project}/_meta", meta)
        obs.package(project, "core", {"core.spec": project.encode()})
    attribute = '<attributes><attribute namespace="OBS" name="Maintained"/></attributes>'
    for project in (first, second):
        obs.need("POST", f"/source/{project}/_attribute", attribute)
    try:
        server = Server(Configuration(obs.oscrc).connect())
        assert server.maintained("core") == (Place(first, "core"), Place(second, "core"))
        assert server.maintained("unknown") == ()
        together = server.maintained_branches("core")
        server.branch_maintained("core")
        server.branch_maintained("core")
        names = {f"core.{project.replace(':', '_')}": project for project in (first, second)}
        assert set(server.packages(together)) == set(names)
        for name, project in names.items():
            assert obs.files(together, name) == {"core.spec": project.encode()}
        meta = etree.fromstring(obs.need("GET", f"/source/{together}/_meta"))
        assert meta.find("build/disable") is not None
        assert [(one.get("name"), one.find("path").get("project")) for one in meta.findall("repository")] == [
            (f"{project.replace(':', '_')}_standard", project) for project in (first, second)
        ]
        for name in names:
            own = etree.fromstring(obs.need("GET", f"/source/{together}/{name}/_meta"))
            assert [one.get("repository") for one in own.iterfind("build/enable")] == [
                f"{name.partition('.')[2]}_standard"
            ]
    finally:
        for project in (first, second):
            obs.need("DELETE", f"/source/{project}/_attribute/OBS:Maintained")
    assert server.maintained("core") == ()
    # every search for what is maintained asks the backend about each of these
    attributed = json.loads((obs.folder / "data" / "gateway" / "attributed.json").read_bytes())
    assert not {first, second} & set(attributed)


def test_a_new_package_is_branched_from_nothing(obs: PrivateObs) -> None:
    project = obs.project()
    server = Server(Configuration(obs.oscrc).connect())
    branch, before = server.branch(Place(project, "fresh"), missing=True)
    assert (branch, before) == (Place(f"home:packager:branches:{project}", "fresh"), False)
    assert server.listing(branch).files == {}


def test_comments(obs: PrivateObs) -> None:
    obs.server.gateway.accounts.add("reader")
    project = obs.project()
    where = f"/comments/project/{project}"
    obs.need("POST", where, "first", "packager")
    obs.need("POST", where, "second", "reader")
    comments = etree.fromstring(obs.need("GET", where)).findall("comment")
    assert [(one.get("who"), one.text) for one in comments] == [("packager", "first"), ("reader", "second")]
    assert obs.ask("DELETE", f"/comment/{comments[1].get('id')}", login="packager")[0] == 403
    obs.need("DELETE", f"/comment/{comments[1].get('id')}", login="reader")
    assert len(etree.fromstring(obs.need("GET", where))) == 1


@pytest.mark.parametrize(
    ("match", "found"),
    [
        ("@login='packager'", ["packager"]),
        ("contains(@email,'@example.org') and not(@login='Admin')", ["packager"]),
        ("@login='nobody'", []),
    ],
)
def test_people_are_searched(obs: PrivateObs, match: str, found: list[str]) -> None:
    root = etree.fromstring(obs.need("GET", "/search/person", match=match))
    assert [one.findtext("login") for one in root if one.findtext("login") in ("packager", "Admin")] == found


def test_a_search_that_is_no_xpath(obs: PrivateObs) -> None:
    assert obs.ask("GET", "/search/request", match="((")[0] == 400


def test_the_real_osc_works_here(obs: PrivateObs) -> None:
    project = obs.project()
    obs.package(project, "tool", {"tool.spec": b"Name: tool\n"})
    assert "home:packager:branches" in osc(obs, "branch", project, "tool")
    branch = f"home:packager:branches:{project}"
    obs.commit(branch, "tool", {"tool.spec": b"Name: tool\nVersion: 2\n"}, "packager")
    told = osc(obs, "submitrequest", "-m", "Why", branch, "tool", project)
    number = told.rpartition("created request id ")[2].strip()
    assert number.isdigit(), told
    assert f"{branch}/tool@2 -> {project}" in " ".join(osc(obs, "request", "show", number).split())
    assert "+Version: 2" in osc(obs, "request", "show", "-d", number)
    assert number in osc(obs, "request", "list", project)
    assert "packager@example.org" in osc(obs, "whois", "packager")
    assert "tool" in osc(obs, "search", "--package", "tool")
