from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.cli.application import Application, main
from generator.obs.client import Configuration
from generator.obs.records import Place
from generator.obs.server import Server
from generator.sources.patch import Patch
from generator.upstream.apply import apply_patch
from tests.conftest import PrivateObs
from tests.upstream.test_templates import ENGINES
from tests.upstream.trees import write

ROOT = Path(__file__).parent.parent.parent
OLD = "-" * 67 + "\nMon Jan  1 10:00:00 UTC 2024 - A Packager <packager@example.org>\n\n- Begin\n\n"
NEW = "-" * 67 + "\nTue Mar  4 10:00:00 UTC 2025 - A Packager <packager@example.org>\n\n- Change it (bsc#1234567)\n\n"
SPEC = """\
#
# spec file for package hello
#
# Copyright (c) 2025 SUSE LLC and contributors
#
# All modifications and additions to the file contributed by third parties
# remain the property of their copyright owners, unless otherwise agreed
# upon. The license for this file, and modifications and additions to the
# file, is the same license as for the pristine package itself (unless the
# license for the pristine package is not an Open Source License, in which
# case the license is the MIT License). An "Open Source License" is a
# license that conforms to the Open Source Definition (Version 1.9)
# published by the Open Source Initiative.

# Please submit bugfixes or comments via https://bugs.opensuse.org/
#

Name:           hello
Version:        1
Release:        0
Summary:        A greeting
License:        MIT
URL:            https://example.org/
Source0:        hello.sh
BuildArch:      noarch

%description
It greets.

%prep
cp %{SOURCE0} .

%build

%install
install -D -m 755 hello.sh %{buildroot}%{_bindir}/hello

%files
%{_bindir}/hello

%changelog
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A hand-kept package with a new entry."""
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "hello.spec").write_text(SPEC)
    (folder / "hello.changes").write_text(NEW + OLD)
    (folder / "hello.sh").write_text("#!/bin/sh\necho Hello\n")
    return folder


@pytest.fixture
def project(obs: PrivateObs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A project with an older hello; osc and specgen's memory are the test's own."""
    monkeypatch.setenv("OSC_CONFIG", str(obs.oscrc))
    monkeypatch.setenv("SPECGEN_STATE", str(tmp_path / "state"))
    project = obs.project()
    obs.package(
        project, "hello", {"hello.spec": SPEC.encode(), "hello.changes": OLD.encode(), "hello.sh": b"#!/bin/sh\n"}
    )
    return project


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        code = main([str(one) for one in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_dry_run_shows_everything_and_sends_nothing(run: Run, obs: PrivateObs, project: str, folder: Path) -> None:
    code, out, _ = run("submit", folder, "--to", project, "--dry-run")
    assert code == 0
    assert f"branch {project}/hello to home:packager:branches:{project}/hello" in out
    assert "upload hello.sh" in out
    assert "+echo Hello" in out
    assert "+- Change it (bsc#1234567)" in out
    assert not obs.server.data.joinpath(f"backend/projects/home:packager:branches:{project}.pkg").exists()
    server = Server(Configuration(obs.oscrc).connect())
    assert server.listing(Place(f"home:packager:branches:{project}", "hello")) is None


def test_nobody_to_ask(run: Run, project: str, folder: Path) -> None:
    code, _, err = run("submit", folder, "--to", project)
    assert code == 3
    assert "say --yes, or --dry-run to look only" in err


def test_submit_then_status_then_nothing_to_do(run: Run, obs: PrivateObs, project: str, folder: Path) -> None:
    code, out, _ = run("submit", folder, "--to", f"private:{project}", "--yes")
    assert code == 0, out
    number = out.rpartition("sent       request ")[2].strip()
    assert number.isdigit(), out
    code, out, _ = run("status")
    assert code == 0
    assert f"request {number}: new" in out
    code, out, _ = run("submit", folder, "--to", project, "--yes")
    assert code == 0
    assert f"nothing to do: request {number} for exactly these files is new" in out
    obs.need("POST", f"/request/{number}", "ok", cmd="changestate", newstate="accepted")
    assert obs.files(project, "hello") == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert f"request {number}: accepted" in run("status", "hello")[1]
    assert f"request {number}\n" in run("status", "hello", "--offline")[1]


def test_a_run_that_was_killed_at_its_very_end_is_settled(run: Run, project: str, folder: Path, tmp_path: Path) -> None:
    assert run("submit", folder, "--to", project, "--yes")[0] == 0
    journal = tmp_path / "state" / "submissions" / "hello.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    assert '"phase": "finished"' in lines[-1]
    journal.write_text("".join(lines[:-1]))
    assert "did not come to its end" in run("status")[1]
    code, out, _ = run("submit", folder, "--to", project, "--yes")
    assert code == 0
    assert "nothing to do: request" in out
    out = run("status")[1]
    assert "did not come to its end" not in out
    assert ": new" in out


def test_json_tells_the_plan_and_the_result(run: Run, project: str, folder: Path) -> None:
    code, out, _ = run("submit", folder, "--to", project, "--yes", "--format", "json")
    assert code == 0
    told = json.loads(out)
    (plan,), (result,) = told["plans"], told["results"]
    assert [step["kind"] for step in plan["steps"]] == ["branch", "upload", "upload", "commit", "request"]
    assert plan["message"] == "- Change it (bsc#1234567)"
    assert (result["state"], result["project"], result["superseded"]) == ("sent", project, [])
    assert result["request"] > 0
    (row,) = json.loads(run("status", "--format", "json")[1])["submissions"]
    assert (row["request"], row["state"]) == (result["request"], "new")


def test_several_places_have_a_result_each(run: Run, obs: PrivateObs, project: str, folder: Path) -> None:
    other = obs.project()
    obs.package(other, "hello", {"hello.changes": OLD.encode()})
    code, out, _ = run("submit", folder, "--to", project, "--to", other, "--yes")
    assert code == 0
    assert out.count("  sent       request ") == 2


def test_one_failure_does_not_keep_the_others_back(run: Run, obs: PrivateObs, project: str, folder: Path) -> None:
    mine = obs.project(f"home:packager:mine{project[5:]}")
    code, out, _ = run("submit", folder, "--to", project, "--to", mine, "--commit", "--yes")
    assert code == 4
    assert f"{project}/hello" in out
    assert "failed     127.0.0.1" not in out
    assert "packager may not do this" in out
    assert "sent       revision 1" in out
    assert obs.files(mine, "hello")["hello.spec"] == SPEC.encode()


def test_two_servers_at_once(
    run: Run, obs: PrivateObs, project: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = PrivateObs(tmp_path / "second")
    try:
        second.project("theirs")
        second.package("theirs", "hello", {"hello.changes": OLD.encode()})
        path = obs.server.write_configuration(tmp_path / "both.oscrc", others=[second.server])
        monkeypatch.setenv("OSC_CONFIG", str(path))
        code, out, _ = run("submit", folder, "--to", project, "--to", "private2:theirs", "--yes")
        assert code == 0, out
        assert "private2:theirs/hello  sent       request 1" in out
        second.need("POST", "/request/1", "ok", cmd="changestate", newstate="accepted")
        assert second.files("theirs", "hello")["hello.changes"] == (NEW + OLD).encode()
        code, out, _ = run("status")
        assert out.count("hello  http://") == 2
    finally:
        second.stop()


def test_others_changes_stop_it(run: Run, obs: PrivateObs, project: str, folder: Path) -> None:
    number = json.loads(run("submit", folder, "--to", project, "--yes", "--format", "json")[1])["results"][0]["request"]
    obs.need("POST", f"/request/{number}", "ok", cmd="changestate", newstate="accepted")
    theirs = {**obs.files(project, "hello"), "hello.sh": b"#!/bin/sh\necho Hi\n"}
    obs.commit(project, "hello", theirs)
    (folder / "hello.sh").write_text("#!/bin/sh\necho Hello, world\n")
    code, _, err = run("submit", folder, "--to", project, "--yes")
    assert code == 3
    assert "hello.sh: changed on the server by others" in err
    assert "    +echo Hi" in err
    revision = err.rpartition("--base ")[2].rstrip(")\n")
    code, out, _ = run("submit", folder, "--to", project, "--yes", "--base", revision)
    assert code == 0, out


def test_maintenance(run: Run, obs: PrivateObs, project: str, folder: Path) -> None:
    maintenance = obs.project()
    attribute = '<attributes><attribute namespace="OBS" name="Maintained"/></attributes>'
    obs.need("POST", f"/source/{project}/_attribute", attribute)
    (folder / ".specgen.yaml").write_text("targets: [sle15, leap16.0]\n")
    try:
        code, out, err = run("submit", folder, "--to", maintenance, "--maintenance", "--dry-run")
        assert code == 0, err
        assert "leap16.0: kept in git" in err
        assert "+- Change it (bsc#1234567)" in out
        code, out, err = run("submit", folder, "--to", maintenance, "--maintenance", "--yes", "--format", "json")
        assert code == 0, err
        (result,) = json.loads(out)["results"]
        assert result["created"]
        assert b'type="maintenance_incident"' in obs.need("GET", f"/request/{result['request']}")
        code, out, _ = run("submit", folder, "--to", maintenance, "--maintenance", "--yes")
        assert code == 0
        assert f"nothing to do: request {result['request']} for exactly these files is new" in out
    finally:
        obs.need("DELETE", f"/source/{project}/_attribute/OBS:Maintained")


def test_others_changes_to_a_codestream_are_shown(run: Run, obs: PrivateObs, project: str, folder: Path) -> None:
    attribute = '<attributes><attribute namespace="OBS" name="Maintained"/></attributes>'
    obs.need("POST", f"/source/{project}/_attribute", attribute)
    command = ("submit", folder, "--to", obs.project(), "--maintenance", "--yes")
    try:
        assert run(*command)[0] == 0
        theirs = {**obs.files(project, "hello"), "hello.sh": b"#!/bin/sh\necho Hi\n"}
        obs.commit(project, "hello", theirs)
        (folder / "hello.sh").write_text("#!/bin/sh\necho Hello, world\n")
        code, _, err = run(*command)
        assert code == 3
        assert f"{project}/hello was changed by others" in err
        assert "    +echo Hi" in err
        revision = err.rpartition("--base ")[2].rstrip(")\n")
        code, out, err = run(*command, "--base", f"{project}={revision}")
        assert code == 0, err
        assert "superseding" in out
    finally:
        obs.need("DELETE", f"/source/{project}/_attribute/OBS:Maintained")
        obs.ask("DELETE", "/source/home:packager:branches:OBS_Maintained:hello", force="1")


def test_a_check_with_errors_stops_it(run: Run, obs: PrivateObs, project: str, folder: Path) -> None:
    (folder / "hello.spec").write_text(SPEC.replace("%build\n", "%build\n%if 1\n"))
    code, out, err = run("submit", folder, "--to", project, "--yes")
    assert code == 1
    assert "nothing was sent: the check found errors" in err
    assert "error" in out
    code, out, _ = run("submit", folder, "--to", project, "--yes", "--format", "json")
    assert code == 1
    assert json.loads(out)["results"] == []
    assert json.loads(out)["findings"]
    assert obs.ask("GET", f"/source/home:packager:branches:{project}/hello")[0] == 404


def test_diff_takes_a_package_on_the_server(run: Run, obs: PrivateObs, project: str, folder: Path) -> None:
    code, out, err = run("diff", f"private:{project}/hello", folder)
    assert code == 0, err
    assert "+- Change it (bsc#1234567)" in out
    (folder / "hello.spec").write_text(SPEC.replace("A greeting", "Another greeting"))
    obs.commit(project, "hello", {path.name: path.read_bytes() for path in folder.iterdir()})
    code, out, err = run("diff", f"{project}/hello@1", f"{project}/hello")
    assert code == 1, err
    assert "Another greeting" in out
    code, _, err = run("diff", f"{project}/nothing", folder)
    assert code == 2
    assert f"there is no package {project}/nothing, neither here nor on 127.0.0.1" in err


def test_a_rewritten_entry_is_shown(run: Run, obs: PrivateObs, project: str, folder: Path) -> None:
    (folder / "hello.changes").write_text(NEW + OLD.replace("Begin", "Begin (bsc#7)"))
    code, out, _ = run("submit", folder, "--to", project, "--dry-run")
    assert "differs from the server's, which stays (--rewrite-changes)" in out
    code, _, err = run("submit", folder, "--to", project, "--yes", "--rewrite-changes", "a forgotten reference")
    assert code == 0
    assert "is rewritten: a forgotten reference\n  -- Begin\n  +- Begin (bsc#7)" in err
    branch = f"home:packager:branches:{project}"
    assert obs.files(branch, "hello")["hello.changes"] == (NEW + OLD.replace("Begin", "Begin (bsc#7)")).encode()


@pytest.mark.parametrize("to", ["", "no spaces please", "a//b", ":x", "_hidden", "x:.y"])
def test_what_is_no_project(run: Run, project: str, folder: Path, to: str) -> None:
    code, _, err = run("submit", folder, "--to", to, "--dry-run")
    assert code == 2
    assert "is no project of an Open Build Service" in err


def test_a_name_that_obs_refuses_is_refused_before_anything_is_sent(run: Run, project: str, folder: Path) -> None:
    (folder / "_service:made.spec").write_text("x")
    code, _, err = run("submit", folder, "--to", project, "--yes")
    assert code == 2
    assert "'_service:made.spec' cannot be sent: OBS keeps this name for itself" in err


def test_definitions_are_submitted_as_well(run: Run, obs: PrivateObs, project: str) -> None:
    app = Application(ROOT / "specs")
    archives = {}
    for name in ("docker", "docker-stable"):
        held = {one.name: f"bytes of {one.name}".encode() for one in app.package(name).sources().externals}
        archives[name] = held
        obs.package(project, name, {f"{name}.changes": OLD.encode(), **held})
    code, out, err = run("submit", "docker", "docker-stable", "--to", project, "--yes", "--format", "json")
    assert code == 0, err
    for result in json.loads(out)["results"]:
        obs.need("POST", f"/request/{result['request']}", "ok", cmd="changestate", newstate="accepted")
        name = result["package"]
        files = obs.files(project, name)
        rendered = app.package(name).sources().files
        changes = rendered[f"{name}.changes"].content.rstrip() + b"\n\n" + OLD.encode()
        expected = {**{one: file.content for one, file in rendered.items()}, **archives[name]}
        assert files == {**expected, f"{name}.changes": changes}


SECRETS = "0006-bsc1233819-builder-next-offer-the-SUSE-secrets-to-RUN.patch"


def test_a_patch_for_the_upstream_tree_is_sent_and_tried(
    run: Run, obs: PrivateObs, project: str, tmp_path: Path
) -> None:
    write(ENGINES["B"], tmp_path / "engine")
    given = ("--upstream", f"engine={tmp_path / 'engine'}")
    chosen = ("submit", "docker", "--to", project, "--set", "buildx-secrets=engine")
    new = b"--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n+x\n"
    held = {
        one.name: new % one.name.encode() for one in Application(ROOT / "specs").package("docker").sources().externals
    }
    series = "0004-bsc1073877-apparmor-clobber-docker-default-profile-o.patch"
    wrong = {**held, series: b"--- a/profiles/x.go\n+++ b/profiles/x.go\n@@ -1 +1 @@\n-x\n+y\n"}
    obs.package(project, "docker", {"docker.changes": OLD.encode(), **wrong})

    code, _, err = run(*chosen, "--yes")
    assert code == 2
    assert f"{SECRETS}: declared, and neither here nor on the server" in err
    assert "give the tree that a patch is made for with --upstream engine=PATH" in err
    assert "--sources" not in err
    code, _, err = run(*chosen, "--rehearse")
    assert (code, "--upstream engine=PATH" in err) == (2, True), "a rehearsal has no stand-in for what is ours to make"

    code, out, err = run(*chosen, *given, "--yes")
    assert (code, "engine: profiles/x.go is not in the tree" in " ".join(out.split())) == (1, True), out + err
    assert "nothing was sent" in err

    obs.commit(project, "docker", {"docker.changes": OLD.encode(), **held})
    code, out, err = run(*chosen, *given, "--yes", "--format", "json")
    assert code == 0, err
    (result,) = json.loads(out)["results"]
    obs.need("POST", f"/request/{result['request']}", "ok", cmd="changestate", newstate="accepted")
    sent = Patch.parse(SECRETS, obs.files(project, "docker")[SECRETS])
    assert apply_patch(ENGINES["B"], sent).tree != ENGINES["B"]
    code, out, err = run(*chosen, "--yes")
    assert (code, "nothing to do" in out) == (0, True), "what is there stays, without the tree: " + out + err


@pytest.mark.parametrize("maintenance", [(), ("--maintenance",)])
def test_a_server_that_is_away_was_sent_nothing(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, maintenance: tuple[str, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    path = tmp_path / "oscrc"
    path.write_text(f"[general]\napiurl = {url}\n\n[{url}]\nuser = packager\npass = x\nallow_http = 1\n")
    path.chmod(0o600)
    monkeypatch.setenv("OSC_CONFIG", str(path))
    code, _, err = run("submit", folder, "--to", "any:project", "--yes", *maintenance)
    assert code == 4
    assert f"127.0.0.1:{port} does not answer" in err
    assert "nothing was sent (the same command goes on from here, and does nothing twice)" in err


def test_a_rehearsal_needs_no_account_and_leaves_nothing(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, obs: PrivateObs
) -> None:
    monkeypatch.setenv("OSC_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("SPECGEN_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, out, err = run("submit", folder, "--to", "any:project", "--rehearse")
    assert code == 0, err
    assert "any:project/hello: request 1, accepted; it holds exactly the planned files" in out
    assert "+echo Hello" in out
    assert not list(tmp_path.glob("specgen-obs-*"))
    assert not (tmp_path / "state").exists()


def test_a_rehearsal_starts_from_what_the_real_server_has(
    run: Run, obs: PrivateObs, project: str, folder: Path
) -> None:
    code, out, err = run("submit", folder, "--to", project, "--rehearse")
    assert code == 0, err
    assert "+- Change it (bsc#1234567)" in out
    assert "+- Begin" not in out
    server = Server(Configuration(obs.oscrc).connect())
    assert server.requests(source=Place(f"home:packager:branches:{project}", "hello")) == []


def test_maintenance_is_rehearsed_without_an_account(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, obs: PrivateObs
) -> None:
    monkeypatch.setenv("OSC_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("SPECGEN_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (folder / ".specgen.yaml").write_text("targets: [sle12, sle15, leap16.0]\n")
    code, out, err = run("submit", folder, "--to", "SUSE:Maintenance", "--maintenance", "--rehearse")
    assert code == 0, err
    assert "leap16.0: kept in git" in err
    assert "SUSE:SLE-12:Update/hello is rehearsed from nothing" in err
    both = "SUSE:SLE-12:Update/hello, SUSE:SLE-15:Update/hello"
    assert f"{both}: request 1, accepted; the incident holds exactly the planned files" in out
    assert out.count("+echo Hello") == 2
    assert not list(tmp_path.glob("specgen-obs-*"))
    assert not (tmp_path / "state").exists()


def test_maintenance_is_rehearsed_from_what_the_real_server_maintains(
    run: Run, obs: PrivateObs, project: str, folder: Path
) -> None:
    attribute = '<attributes><attribute namespace="OBS" name="Maintained"/></attributes>'
    obs.need("POST", f"/source/{project}/_attribute", attribute)
    try:
        code, out, err = run("submit", folder, "--to", obs.project(), "--maintenance", "--rehearse", "--format", "json")
        assert code == 0, err
        assert json.loads(out)["rehearsed"][0]["request"] == 1
        server = Server(Configuration(obs.oscrc).connect())
        assert server.listing(server.maintained_branch_name(Place(project, "hello"))) is None
    finally:
        obs.need("DELETE", f"/source/{project}/_attribute/OBS:Maintained")


@pytest.mark.parametrize("other", ["--commit", "--rehearse"])
def test_waiting_for_builds_is_for_requests(run: Run, folder: Path, other: str) -> None:
    code, _, err = run("submit", folder, "--to", "any:project", "--wait", other)
    assert code == 2
    assert "--wait is for the request of a branch" in err


def test_without_a_place_it_says_what_to_write(run: Run, folder: Path) -> None:
    code, _, err = run("submit", folder)
    assert code == 2
    assert "say where to: --to [ALIAS:]PROJECT" in err


def test_one_place_is_named_once(run: Run, project: str, folder: Path) -> None:
    code, _, err = run("submit", folder, "--to", project, "--to", f"private:{project}", "--dry-run")
    assert code == 2
    assert f"{project} is named twice" in err


@pytest.mark.parametrize("more", ["/hello", "/another", "@3", "/hello@3"])
def test_a_place_is_a_project_alone(run: Run, project: str, folder: Path, more: str) -> None:
    code, _, err = run("submit", folder, "--to", f"{project}{more}", "--dry-run")
    assert code == 2
    assert f"'{project}{more}' names more than a project" in err
    code, _, err = run("submit", folder, "--to", f"{project}{more}", "--rehearse")
    assert code == 2


def test_an_unknown_project_may_be_a_forgotten_alias(run: Run, project: str, folder: Path) -> None:
    code, _, err = run("submit", folder, "--to", f"ibs:{project}", "--dry-run")
    assert code == 2
    assert f"has no project ibs:{project}" in err
    assert "aliases of other servers that osc knows: private" in err


@pytest.mark.parametrize("base", ["nonsense", "", "1=2=3", "another:project=3"])
def test_a_base_is_a_revision(run: Run, project: str, folder: Path, base: str) -> None:
    code, _, err = run("submit", folder, "--to", project, "--dry-run", "--base", base)
    assert code == 2
    assert "--base" in err


def test_a_base_that_the_target_never_had(run: Run, obs: PrivateObs, project: str, folder: Path) -> None:
    number = json.loads(run("submit", folder, "--to", project, "--yes", "--format", "json")[1])["results"][0]["request"]
    obs.need("POST", f"/request/{number}", "ok", cmd="changestate", newstate="accepted")
    (folder / "hello.sh").write_text("#!/bin/sh\necho Hello, world\n")
    code, _, err = run("submit", folder, "--to", project, "--yes", "--base", "77")
    assert code == 2
    assert f"{project}/hello has no revision 77" in err


def test_a_rewrite_needs_a_reason(run: Run, project: str, folder: Path) -> None:
    code, _, err = run("submit", folder, "--to", project, "--dry-run", "--rewrite-changes", " ")
    assert code == 2
    assert "--rewrite-changes takes the reason" in err


def test_status_without_an_account_tells_what_is_remembered(
    run: Run, project: str, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run("submit", folder, "--to", project, "--yes")[0] == 0
    monkeypatch.setenv("OSC_CONFIG", str(tmp_path / "none"))
    code, out, err = run("status")
    assert code == 0
    assert "request " in out
    assert "osc is not configured" in err


def test_no_codestream_is_maintained(run: Run, project: str, folder: Path) -> None:
    code, _, err = run("submit", folder, "--to", project, "--maintenance", "--dry-run")
    assert code == 2
    assert "maintains no codestream of hello" in err
    assert "OBS:Maintained" in err
