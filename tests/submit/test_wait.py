"""`specgen submit --wait` against a server that really builds."""

from __future__ import annotations

import itertools
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from generator.obs import buildroot
from generator.obs.backend import ARCHITECTURE
from generator.obs.client import Configuration
from generator.obs.records import Place, md5
from generator.obs.server import Server
from generator.submit.builds import look, wait_for_builds
from tests.cli.test_submit import NEW, OLD, SPEC
from tests.conftest import PrivateObs, require_obs
from tests.obs.test_backend import listeners
from tests.obs.test_builds import gone
from tests.submit.proxy import Proxy

pytestmark = [pytest.mark.live, pytest.mark.root]
SPECGEN = [sys.executable, "-c", "from generator.cli.main import run; run()"]
WHERE = f"standard/{ARCHITECTURE}"


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateObs]:
    require_obs(builds=True)
    server = PrivateObs(tmp_path_factory.mktemp("builder"), builds=True)
    data = server.server.data
    yield server
    server.stop()
    assert gone(data)


class Case:
    """A package on its way to a project of its own; its branch is built, its target is not."""

    def __init__(self, builder: PrivateObs, folder: Path, project: str, url: str = "") -> None:
        self.builder = builder
        self.folder = folder / "hello"
        self.project = project
        self.state = folder / "state"
        self.oscrc = folder / "oscrc"
        account = builder.server.gateway.accounts["packager"]
        lines = ["[general]", f"apiurl = {url or builder.url}", f"cookiejar = {folder}/cookies", ""]
        self.oscrc.write_text("\n".join([*lines, *builder.server.section(account, "here", url)]))
        self.oscrc.chmod(0o600)
        self.folder.mkdir()
        self.write({"hello.spec": SPEC, "hello.changes": NEW + OLD, "hello.sh": "#!/bin/sh\necho Hello\n"})
        repository = buildroot.repository(ARCHITECTURE)
        meta = f'<project name="{project}"><title/><description/><build><disable/></build>{repository}</project>'
        builder.need("PUT", f"/source/{project}/_meta", meta)
        builder.package(project, "hello", {"hello.spec": SPEC.encode(), "hello.changes": OLD.encode()})

    @property
    def branch(self) -> Place:
        return Place(f"home:packager:branches:{self.project}", "hello")

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).write_text(text)

    @property
    def environment(self) -> dict[str, str]:
        given = {"OSC_CONFIG": str(self.oscrc), "SPECGEN_STATE": str(self.state), "COLUMNS": "100", "TERM": "xterm"}
        return {**os.environ, **given}

    def begin(self, *arguments: str, **how: object) -> subprocess.Popen[str]:
        command = [*SPECGEN, "submit", str(self.folder), "--to", self.project, "--wait", "--yes", *arguments]
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **how}
        return subprocess.Popen(command, env=self.environment, **given)

    def submit(self, *arguments: str) -> tuple[int, str, str]:
        with self.begin(*arguments) as run:
            out, err = run.communicate(timeout=300)
        return run.returncode, out, err

    def status(self, *arguments: str) -> str:
        command = [*SPECGEN, "status", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout

    def requests(self) -> list[etree._Element]:
        match = f"action/source/@project='{self.branch.project}'"
        return etree.fromstring(self.builder.need("GET", "/search/request", match=match)).findall("request")

    def commits(self) -> int:
        server = Server(Configuration(self.builder.oscrc).connect())
        return sum(bool(one.comment) for one in server.history(self.branch))


def on_terminal(case: Case) -> tuple[int, str, list[int]]:
    """Submit on a terminal; what it showed, and how many requests there were whenever it showed a build under way."""
    ours, theirs = pty.openpty()
    seen, counts = b"", []
    with case.begin(stdin=theirs, stdout=theirs, stderr=theirs, text=False) as run:
        os.close(theirs)
        while True:
            try:
                piece = os.read(ours, 1 << 16)
            except OSError:  # the other end was closed
                break
            seen += piece
            if b"building" in piece:
                counts.append(len(case.requests()))
        run.wait(300)
    os.close(ours)
    return run.returncode, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode()), counts


def test_a_request_is_made_when_everything_has_succeeded(builder: PrivateObs, tmp_path: Path) -> None:
    case = Case(builder, tmp_path, "wait:well")
    code, shown, counts = on_terminal(case)
    assert code == 0, shown
    heading = re.search(r"repository +┃ architecture +┃ state +┃ details", shown)
    assert heading, shown
    row = rf"│ standard +│ {ARCHITECTURE} +│ (\w+) +│"
    states = [state for state, _ in itertools.groupby(re.findall(row, shown))]
    assert states[-1] == "succeeded"
    assert "building" in states
    assert counts
    assert set(counts) == {0}
    assert shown.rindex("succeeded") < shown.index("… wait:well/hello: request that")

    (request,) = case.requests()
    history = builder.need("GET", f"/build/{case.branch.project}/standard/{ARCHITECTURE}/_jobhistory", package="hello")
    (job,) = etree.fromstring(history)
    ended = datetime.fromtimestamp(int(job.get("endtime")), UTC)
    assert datetime.fromisoformat(request.find("state").get("created")).replace(tzinfo=UTC) >= ended
    assert job.get("srcmd5") == etree.fromstring(
        builder.need(
            "GET", f"/source/{case.branch.project}/hello", rev=request.find("action/source").get("rev"), expand="1"
        )
    ).get("srcmd5"), "what was built is what is requested"

    assert f"request {request.get('id')}: new\n  {WHERE}: succeeded\n" in case.status()
    (row,) = json.loads(case.status("--format", "json"))["submissions"]
    assert row["builds"] == [
        {
            "package": "hello",
            "repository": "standard",
            "architecture": ARCHITECTURE,
            "state": "succeeded",
            "details": "",
            "settled": True,
        }
    ]

    stale_results_are_not_believed(case)


def stale_results_are_not_believed(case: Case) -> None:
    """A scheduler that is busy has not seen the newest commit: the server still tells of the one before."""
    server = Server(Configuration(case.builder.oscrc).connect())
    (scheduler,) = [one for one in listeners(case.builder.server.data) if b"bs_sched" in command_line(one)]
    assert [one.settled for one in look(server, case.branch, set())] == [True]
    os.kill(scheduler, signal.SIGSTOP)
    try:
        content = SPEC.replace("greets", "waves").encode()
        server.upload(case.branch, "hello.spec", content)
        held = server.listing(case.branch).files
        server.commit(case.branch, {**held, "hello.spec": md5(content)}, "Wave")
        assert [(one.code, one.settled) for one in server.results(case.branch)] == [("succeeded", True)]
        assert [(one.settled, one.details) for one in look(server, case.branch, set())] == [
            (False, "of an earlier commit")
        ]
    finally:
        os.kill(scheduler, signal.SIGCONT)
    assert [one.code for one in wait_for_builds(server, case.branch)] == ["succeeded"]
    assert look(server, case.branch, set())[0].settled


def command_line(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


def test_builds_that_fail_then_a_kill_then_a_server_that_is_away(builder: PrivateObs, tmp_path: Path) -> None:
    proxy = Proxy(builder.url)
    case = Case(builder, tmp_path, "wait:ill", f"http://127.0.0.1:{proxy.port}")

    case.write({"hello.spec": SPEC.replace("BuildArch:", "BuildRequires:  nothing-like-it\nBuildArch:")})
    code, out, err = case.submit()
    assert code == 4, out + err
    told = f"{case.branch} does not build in {WHERE}: unresolvable: nothing provides nothing-like-it"
    assert told in out
    assert f"  {WHERE}: unresolvable (nothing provides nothing-like-it)\n" in out
    assert "not done: wait for the builds of" in out
    assert "the same command goes on from here, and does nothing twice" in out
    assert case.requests() == []
    assert f"  {WHERE}: unresolvable (nothing provides nothing-like-it)\n" in case.status("hello")

    case.write({"hello.spec": SPEC.replace("%build\n", "%build\nfalse\n")})
    code, out, err = case.submit("--format", "json")
    assert code == 4, out + err
    (result,) = json.loads(out)["results"]
    assert (result["state"], result["request"]) == ("failed", 0)
    assert [(one["repository"], one["architecture"], one["state"]) for one in result["builds"]] == [
        ("standard", ARCHITECTURE, "failed")
    ]
    why = re.search(
        r"standard/\w+: failed: Bad exit status from \S+ \(%build\) \(its log: (osc .* remotebuildlog .*)\)",
        result["words"],
    )
    assert why, result["words"]
    assert f"  {WHERE}: building" in err
    osc = [str(Path(sys.executable).with_name("osc")), *why[1].split()[1:]]
    log = subprocess.run(osc, env=case.environment, capture_output=True, text=True, check=False).stdout
    assert "Bad exit status" in log, "the command that the message names shows the log"
    assert case.requests() == []

    case.write({"hello.spec": SPEC})
    with case.begin() as run:
        lines = iter(run.stdout.readline, "")
        assert any(f"{WHERE}: building" in line for line in lines), run.stderr.read()
        run.send_signal(signal.SIGKILL)
    assert case.requests() == []
    status = case.status()
    assert "a run did not come to its end (before wait); the same submission goes on from there" in status
    assert f"  {WHERE}: " in status
    assert case.commits() == 3

    asked = itertools.count()
    proxy.spoil = lambda line: "503" if "/_result" in line and 0 < next(asked) < 8 else ""
    code, out, err = case.submit()
    assert code == 0, out + err
    assert "answered 503" in out
    assert "asking again" in out
    assert out.index("asking again") < out.rindex(f"{WHERE}: succeeded")
    assert next(asked) > 8
    assert len(case.requests()) == 1
    assert case.commits() == 3
    code, out, _ = case.submit()
    assert (code, "nothing to do: request" in out) == (0, True), out
    assert len(case.requests()) == 1
    proxy.close()
