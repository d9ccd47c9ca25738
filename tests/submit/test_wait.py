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
    """A package on its way to projects of its own; its branches are built, its targets are not."""

    def __init__(self, builder: PrivateObs, folder: Path, *projects: str, url: str = "") -> None:
        self.builder = builder
        self.folder = folder / "hello"
        self.to = projects
        self.state = folder / "state"
        self.oscrc = folder / "oscrc"
        account = builder.server.gateway.accounts["packager"]
        lines = ["[general]", f"apiurl = {url or builder.url}", f"cookiejar = {folder}/cookies", ""]
        self.oscrc.write_text("\n".join([*lines, *builder.server.section(account, "here", url)]))
        self.oscrc.chmod(0o600)
        self.folder.mkdir()
        self.write({"hello.spec": SPEC, "hello.changes": NEW + OLD, "hello.sh": "#!/bin/sh\necho Hello\n"})
        for project in projects:
            self.target(project)

    def target(self, project: str) -> None:
        """Make a project to go to. The macro `where` tells its builds, and those of its branches, its name."""
        repository = buildroot.repository(ARCHITECTURE)
        meta = f'<project name="{project}"><title/><description/><build><disable/></build>{repository}</project>'
        self.builder.need("PUT", f"/source/{project}/_meta", meta)
        self.builder.need("PUT", f"/source/{project}/_config", f"Macros:\n%where {project}\n:Macros\n")
        self.builder.package(project, "hello", {"hello.spec": SPEC.encode(), "hello.changes": OLD.encode()})

    @property
    def branch(self) -> Place:
        return self.branch_of(self.to[0])

    def branch_of(self, project: str) -> Place:
        return Place(f"home:packager:branches:{project}", "hello")

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).write_text(text)

    @property
    def environment(self) -> dict[str, str]:
        given = {"OSC_CONFIG": str(self.oscrc), "SPECGEN_STATE": str(self.state), "COLUMNS": "100", "TERM": "xterm"}
        return {**os.environ, **given}

    def begin(self, *arguments: str, **how: object) -> subprocess.Popen[str]:
        to = [word for project in self.to for word in ("--to", project)]
        command = [*SPECGEN, "submit", str(self.folder), *to, "--wait", "--yes", *arguments]
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **how}
        return subprocess.Popen(command, env=self.environment, **given)

    def submit(self, *arguments: str) -> tuple[int, str, str]:
        with self.begin(*arguments) as run:
            out, err = run.communicate(timeout=300)
        return run.returncode, out, err

    def status(self, *arguments: str) -> str:
        command = [*SPECGEN, "status", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout

    def requests(self, branch: Place | None = None) -> list[etree._Element]:
        match = f"action/source/@project='{(branch or self.branch).project}'"
        return etree.fromstring(self.builder.need("GET", "/search/request", match=match)).findall("request")

    def commits(self, branch: Place | None = None) -> int:
        server = Server(Configuration(self.builder.oscrc).connect())
        return sum(bool(one.comment) for one in server.history(branch or self.branch))

    def job(self, project: str, package: str = "hello", repository: str = "standard") -> tuple[str, datetime]:
        """The last build of a package that has ended: what of, and when."""
        path = f"/build/{project}/{repository}/{ARCHITECTURE}/_jobhistory"
        *_, job = etree.fromstring(self.builder.need("GET", path, package=package))
        return job.get("srcmd5"), datetime.fromtimestamp(int(job.get("endtime")), UTC)


def created(request: etree._Element) -> datetime:
    return datetime.fromisoformat(request.find("state").get("created")).replace(tzinfo=UTC)


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
    digest, ended = case.job(case.branch.project)
    assert created(request) >= ended
    assert digest == etree.fromstring(
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
    case = Case(builder, tmp_path, "wait:ill", url=f"http://127.0.0.1:{proxy.port}")

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


def ill(where: str) -> str:
    """A package whose builds fail in one project alone."""
    return SPEC.replace("%build\n", f'%build\n%if "%{{?where}}" == "{where}"\necho not in {where}\nfalse\n%endif\n')


def test_each_of_several_targets_waits_for_its_own_builds(builder: PrivateObs, tmp_path: Path) -> None:
    case = Case(builder, tmp_path, "several:well", "several:ill")
    well, bad = map(case.branch_of, case.to)
    case.write({"hello.spec": ill("several:ill")})
    code, out, err = case.submit()
    assert code == 4, out + err
    (request,) = case.requests(well)
    assert case.requests(bad) == []
    _, ended = case.job(well.project)
    assert created(request) >= ended
    assert re.search(rf"several:well/hello +sent +request {request.get('id')}\n", out), out
    why = rf"several:ill/hello +failed +{bad} does not build in {WHERE}: failed: Bad exit status from \S+ \(%build\)"
    assert re.search(why, out), out
    assert out.index("… several:ill/hello: commit to") < out.index("… several:well/hello: wait"), (
        "both are built at once"
    )
    assert [case.commits(one) for one in (well, bad)] == [1, 1]

    case.write({"hello.spec": SPEC})
    code, out, err = case.submit("--format", "json")
    assert code == 0, out + err
    results = json.loads(out)["results"]
    assert [(one["project"], one["state"]) for one in results] == [(name, "sent") for name in case.to]
    assert [[(one["repository"], one["state"]) for one in result["builds"]] for result in results] == [
        [("standard", "succeeded")]
    ] * 2
    assert [one["superseded"] for one in results] == [[int(request.get("id"))], []]
    assert [len(case.requests(one)) for one in (well, bad)] == [2, 1]
    for project, row in zip(case.to, json.loads(case.status("--format", "json"))["submissions"], strict=True):
        assert (row["project"], [one["state"] for one in row["builds"]]) == (project, ["succeeded"])
    code, out, _ = case.submit()
    assert (code, out.count("nothing to do: request")) == (0, 2), out


def test_a_maintenance_request_waits_for_every_codestream(builder: PrivateObs, tmp_path: Path) -> None:
    case = Case(builder, tmp_path, builder.project("stream:maintenance"))
    streams = ("stream:12", "stream:15")
    branches = [
        Place("home:packager:branches:OBS_Maintained:hello", f"hello.{one.replace(':', '_')}") for one in streams
    ]
    for one in streams:
        case.target(one)
        attribute = '<attributes><attribute namespace="OBS" name="Maintained"/></attributes>'
        builder.need("POST", f"/source/{one}/_attribute", attribute)

    case.write({"hello.spec": ill("stream:15")})
    code, out, err = case.submit("--maintenance")
    assert code == 4, out + err
    assert f"{branches[1]} does not build in stream_15_standard/{ARCHITECTURE}: failed: Bad exit status" in err
    assert f"{branches[0]} does not build" not in err, "each is built as its codestream builds"
    told = out.partition("… wait for the builds of the branches\n")[2].partition(f"… the builds of {branches[1]}\n")
    assert told[0].startswith(f"… the builds of {branches[0]}\n")
    assert f"  stream_12_standard/{ARCHITECTURE}: succeeded\n" in told[0]
    assert f"  stream_15_standard/{ARCHITECTURE}: failed\n" in told[2]
    assert case.requests(branches[0]) == []
    assert [case.commits(one) for one in branches] == [1, 1]

    case.write({"hello.spec": SPEC})
    code, out, err = case.submit("--maintenance", "--format", "json")
    assert code == 0, out + err
    (result,) = json.loads(out)["results"]
    built = [(one["package"], one["repository"]) for one in result["builds"] if one["state"] == "succeeded"]
    assert built == [
        (one.package, f"{name.replace(':', '_')}_standard") for one, name in zip(branches, streams, strict=True)
    ]
    assert {one["state"] for one in result["builds"]} == {"succeeded", "disabled"}
    (request,) = case.requests(branches[0])
    assert [one.get("package") for one in request.findall("action/source")] == [one.package for one in branches]
    for place, repository in built:
        assert created(request) >= case.job(branches[0].project, place, repository)[1]
    code, out, _ = case.submit("--maintenance")
    assert (code, "nothing to do: request" in out) == (0, True), out


FLAVOURS = """\
%define flavor @BUILD_FLAVOR@%{nil}
%if "%{flavor}" == "extra"
%define ending -extra
%endif
"""


def test_every_flavour_of_a_package_is_waited_for(builder: PrivateObs, tmp_path: Path) -> None:
    case = Case(builder, tmp_path, "flavours:some")
    text = SPEC.replace("Name:           hello\n", f"{FLAVOURS}Name:           hello%{{?ending}}\n")
    case.write({"_multibuild": "<multibuild>\n  <flavor>extra</flavor>\n</multibuild>\n"})
    case.write({"hello.spec": text.replace("%build\n", "%build\n[ -z %{?ending} ]\n")})
    code, out, err = case.submit()
    assert code == 4, out + err
    assert f"{case.branch}:extra does not build in {WHERE}: failed: Bad exit status" in out, out
    assert f"{case.branch} does not build" not in out
    assert f"  {WHERE}: succeeded\n" in out
    assert f"  {WHERE} extra: failed\n" in out
    assert case.requests() == []

    case.write({"hello.spec": text})
    code, shown, counts = on_terminal(case)
    assert code == 0, shown
    assert set(counts) == {0}
    for package in ("hello", "hello:extra"):
        row = rf"│ {package} +│ standard +│ {ARCHITECTURE} +│ (\w+) +│"
        assert re.findall(row, shown)[-1] == "succeeded", shown
    (request,) = case.requests()
    for package in ("hello", "hello:extra"):
        assert created(request) >= case.job(case.branch.project, package)[1]
    status = case.status()
    assert f"  {WHERE}: succeeded\n  {WHERE} extra: succeeded\n" in status
