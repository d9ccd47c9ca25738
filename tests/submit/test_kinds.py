"""The whole flow for packages of every kind: the project's own definitions, and one that is kept by hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.cli.application import Application
from generator.obs.client import Configuration
from generator.obs.records import Place
from generator.obs.server import Server
from generator.submit.session import Local
from tests.conftest import PrivateObs
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, entry, spec

ROOT = Path(__file__).parent.parent.parent
NEWER = "-" * 67 + "\nWed Mar  4 10:00:00 UTC 2026 - A Packager <packager@example.org>\n\n- {text}\n\n"

HISTORY = "".join(entry(day, f"Number {day}") for day in range(28, 0, -1)).encode() + (
    b"-" * 60
    + b"\nFri Dec  6 12:00:00 CET 2013 - old@example.org\n\n-  written by hand,\twith caf\xe9\r\n\n\n\n"
    + OLD.encode()
)  # long, and not all of it as one would write it today


@dataclass
class Kind:
    """One package: how it is opened, and how a maintainer changes it."""

    name: str
    open: Callable[[], Local]
    change: Callable[[], None]
    changed: str  # the file that the change shows in, apart from .changes


def rendered(name: str, tmp_path: Path) -> Kind:
    """A definition of the project, copied so that it can be changed."""
    specs = tmp_path / "specs"
    shutil.copytree(ROOT / "specs", specs)

    def change() -> None:
        history = specs / name / f"{name}.changes"
        history.write_text(NEWER.format(text="Say more (bsc#1234567)") + history.read_text())
        settings = specs / name / "package.yaml"
        settings.write_text(settings.read_text().replace("\nmacros:\n", "\nmacros:\n  one_more: a value\n", 1))

    return Kind(name, lambda: Local(Application(specs).package(name).sources()), change, f"{name}.spec")


def kept_by_hand(tmp_path: Path) -> Kind:
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "hello.spec").write_text(spec("1", "Source1: a file.conf", "Source2: blob.bin"))
    (folder / "hello.changes").write_text(entry(4, "Change it (bsc#1)") + OLD)
    (folder / "a file.conf").write_text("grüße = 1\n")
    (folder / "blob.bin").write_bytes(bytes(range(256)))
    (folder / "_service").write_text("<services/>\n")
    (folder / ".specgen.yaml").write_text("external: [hello-1.tar]\n")

    def change() -> None:
        history = folder / "hello.changes"
        history.write_text(entry(5, "More") + history.read_text())
        (folder / "a file.conf").write_text("grüße = 2\n")

    return Kind(
        "hello", lambda: Local(Application(ROOT / "specs").package(str(folder)).sources()), change, "a file.conf"
    )


@pytest.fixture(params=["docker", "docker-stable", "hello"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    return kept_by_hand(tmp_path) if request.param == "hello" else rendered(request.param, tmp_path)


def older(package: Local) -> dict[str, bytes]:
    """What the target holds before: an earlier state of ours, the external files, and a file that nobody declares."""
    name = package.sources.name
    files = {one: file.content for one, file in package.sources.files.items()}
    entries = re.split(rb"(?m)^(?=-{67}$)", files[f"{name}.changes"])
    files[f"{name}.changes"] = b"".join(entries[2:]) or HISTORY
    files[f"{name}.spec"] = files[f"{name}.spec"].replace(b"Name:", b"# as it was\nName:", 1)
    externals = {one.name: f"\0the archive {one.name}".encode() for one in package.sources.externals}
    return {**files, **externals, "a stranger.txt": b"nobody declares this\n"}


def expected(package: Local, before: Mapping[str, bytes]) -> dict[str, bytes]:
    """What the target has to hold: our bytes, the server's archives and strangers, its history below our entries."""
    name = package.sources.name
    ours = {one: file.content for one, file in package.sources.files.items()}
    changes = ours.pop(f"{name}.changes")
    history = before[f"{name}.changes"]
    if not changes.endswith(history):
        changes = changes.rstrip() + b"\n\n" + history
    return {**before, **ours, f"{name}.changes": changes}


def make_bench(obs: PrivateObs, kind: Kind, state: Path) -> tuple[Bench, dict[str, bytes]]:
    target = Place(obs.project(), kind.name)
    before = older(kind.open())
    obs.package(target.project, kind.name, before)
    return Bench(obs, Server(Configuration(obs.oscrc).connect()), state, target), before


def test_branch_commit_request_supersede_accept_and_nothing(obs: PrivateObs, kind: Kind, tmp_path: Path) -> None:
    bench, before = make_bench(obs, kind, tmp_path / "state")
    other_target = Place(obs.project(), kind.name)
    obs.package(other_target.project, kind.name, before)

    # requests that are not ours to supersede: somebody else's to the target, and ours from the branch to elsewhere
    elsewhere = obs.project(f"home:packager:elsewhere{bench.target.project[5:]}")
    obs.package(elsewhere, kind.name, {"a": b"a"})
    ends = f'<source project="{elsewhere}" package="{kind.name}"/>'
    ends += f'<target project="{bench.target.project}" package="{kind.name}"/>'
    body = f'<request><action type="submit">{ends}</action><description/></request>'
    obs.need("POST", "/request", body, "packager", cmd="create")

    package = kind.open()
    first = bench.submit(package)
    assert bench.files(bench.branch) == expected(package, before)
    assert bench.server.listing(bench.branch).link == bench.target
    ends = f'<source project="{bench.branch.project}" package="{kind.name}"/>'
    ends += f'<target project="{other_target.project}" package="{kind.name}"/>'
    body = f'<request><action type="submit">{ends}</action><description/></request>'
    obs.need("POST", "/request", body, "packager", cmd="create")
    strangers = [
        one.number
        for place in (bench.branch, Place(elsewhere, kind.name))
        for one in bench.server.requests(source=place)
        if one.number != first.request
    ]
    assert len(strangers) == 2

    kind.change()
    later = kind.open()
    prepared = bench.prepare(later)
    uploads = [step.subject for step in prepared.plan.steps if step.kind == "upload"]
    assert uploads == sorted([f"{kind.name}.changes", kind.changed])
    second = bench.apply(prepared)
    assert second.superseded == [first.request]
    replaced = bench.server.request(first.request)
    assert (replaced.state, replaced.superseded_by) == ("superseded", str(second.request))
    assert {bench.server.request(number).state for number in strangers} == {"new"}

    waiting = bench.prepare(later)
    assert waiting.plan.steps == ()
    assert waiting.plan.reason == f"request {second.request} for exactly these files is new"
    assert bench.apply(waiting).request == second.request

    bench.accept(second.request)
    held = bench.files()
    assert held == expected(later, before)
    assert held[f"{kind.name}.changes"].endswith(before[f"{kind.name}.changes"])
    revisions = [place for place in (bench.target, bench.branch) for _ in bench.server.history(place)]
    nothing = bench.prepare(later)
    assert nothing.plan.steps == ()
    assert nothing.plan.reason == f"{bench.target} holds exactly these files already"
    bench.apply(nothing)
    assert [place for place in (bench.target, bench.branch) for _ in bench.server.history(place)] == revisions
    assert bench.counts() == (2, 3)
    assert {bench.server.request(number).state for number in strangers} == {"new"}


def test_others_changes_to_a_rendered_spec_are_shown_at_the_line_of_the_definition(
    obs: PrivateObs, tmp_path: Path
) -> None:
    kind = rendered("docker", tmp_path)
    bench, _ = make_bench(obs, kind, tmp_path / "state")
    bench.accept(bench.submit(kind.open()).request)
    held = bench.files()
    theirs = re.sub(rb"(?m)^Summary:.*$", b"Summary:        Their words", held["docker.spec"], count=1)
    assert theirs != held["docker.spec"]
    obs.commit(bench.target.project, "docker", {**held, "docker.spec": theirs})
    kind.change()
    (drift,) = bench.prepare(kind.open()).drift
    (hunk,) = drift.hunks
    assert (drift.name, drift.what, hunk.after) == ("docker.spec", "changed", ("Summary:        Their words",))
    line = (tmp_path / "specs" / "docker" / "package.yaml").read_text().splitlines()[hunk.origin.line - 1]
    assert hunk.origin.path.name == "package.yaml"
    assert line.startswith("summary:")
