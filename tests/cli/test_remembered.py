"""An unchanged check is answered from its record, and only an unchanged one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.cli import remembered
from tests.cli.conftest import ROOT
from tests.cli.test_check import CHANGES, SPEC, librpm  # noqa: F401  (needs a reader too)

SPECGEN = Path(sys.executable).with_name("specgen")
MARK = "answered from the record\n"


class Place:
    """A directory with a package, and a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache = folder, folder / "cache"
        self.package = folder / "demo"
        self.package.mkdir()
        (self.package / "demo.spec").write_text(SPEC)
        (self.package / "demo.changes").write_text(CHANGES)

    def check(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        # A file that changes while it is read is not to be remembered, so that its state must lie in the past.
        time.sleep(0.02)
        return subprocess.run(
            [SPECGEN, "check", *arguments],
            cwd=self.folder,
            env={**os.environ, "XDG_CACHE_HOME": str(self.cache), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def records(self) -> list[Path]:
        return sorted((self.cache / "specgen" / "checks").glob("*"))

    def mark(self) -> None:
        """Let every record say that it was used."""
        for path in self.records:
            record = json.loads(path.read_text())
            path.write_text(json.dumps({**record, "output": record["output"] + MARK}))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_same_again_says_the_same(place: Place) -> None:
    first = place.check("demo", "--strict")
    again = place.check("demo", "--strict")
    assert (again.stdout, again.stderr, again.returncode) == (first.stdout, first.stderr, first.returncode)
    assert (len(place.records), bool(first.stdout)) == (1, True)
    place.mark()
    assert place.check("demo", "--strict").stdout == first.stdout + MARK


def lengthen(path: Path) -> Callable[[Place], None]:
    def change(place: Place) -> None:
        with (place.folder / path).open("a") as file:
            file.write("\n")

    return change


def rewritten(place: Place) -> None:
    """The same length, and the same time of its last change."""
    path = place.package / "demo.spec"
    before = path.stat()
    path.write_text(SPEC.replace("Version: 1", "Version: 2"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGED: dict[str, Callable[[Place], None]] = {
    "a file": lengthen(Path("demo/demo.changes")),
    "a file, its size and time kept": rewritten,
    "a new file": lambda place: (place.package / "new.patch").write_text(""),
    "a file is gone": lambda place: (place.package / "demo.changes").unlink(),
    "the macros": lengthen(Path("my.macros")),
    "the target": lengthen(Path("my.toml")),
    "the folder of sources": lengthen(Path("sources/extra")),
    "the upstream tree": lengthen(Path("tree/main.c")),
}


@pytest.mark.parametrize("what", CHANGED)
def test_what_has_changed_is_checked_again(place: Place, what: str) -> None:
    (place.folder / "my.macros").write_text("%mine 1\n")
    profile = (ROOT / "generator/targets/profiles/tumbleweed.toml").read_text()
    (place.folder / "my.toml").write_text(profile)
    for folder, name in (("sources", "extra"), ("tree", "main.c")):
        (place.folder / folder).mkdir()
        (place.folder / folder / name).write_text("int main;\n")
    arguments = ["demo", "--macros", "my.macros", "--target", "./my.toml", "--sources", "sources"]
    if what == "the upstream tree":
        arguments += ["--upstream", "demo=tree"]
    first = place.check(*arguments)
    assert first.returncode in (0, 1), first.stderr
    place.mark()
    assert place.check(*arguments).stdout == first.stdout + MARK
    CHANGED[what](place)
    assert MARK not in place.check(*arguments).stdout


def test_a_definition_that_is_extended(place: Place) -> None:
    for name in ("docker", "docker-stable"):
        shutil.copytree(ROOT / "specs" / name, place.folder / "mine" / name)
    first = place.check("./mine/docker-stable")
    place.mark()
    assert place.check("./mine/docker-stable").stdout == first.stdout + MARK
    lengthen(Path("mine/docker/package.yaml"))(place)
    assert MARK not in place.check("./mine/docker-stable").stdout


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["demo", "--no-cache"], {}),
        (["demo", "--strict"], {}),
        (["./demo"], {}),
        (["demo"], {"NO_COLOR": "1"}),
        (["demo"], {"SPECGEN_SPECS": str(ROOT / "specs")}),
    ],
)
def test_a_record_belongs_to_one_call(place: Place, arguments: list[str], environment: dict[str, str]) -> None:
    place.check("demo")
    place.mark()
    assert MARK not in place.check(*arguments, **environment).stdout


def test_a_full_disk_is_said(place: Place) -> None:
    package = str(ROOT / "specs" / "docker")  # enough output for some versions of Python to forget that it failed
    place.check(package)
    place.mark()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [SPECGEN, "check", package],
            cwd=place.folder,
            env={**environment, "XDG_CACHE_HOME": str(place.cache)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (3, "error: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"identity": 1}', "\x00\xff"])
def test_a_broken_record_is_none(place: Place, content: str) -> None:
    first = place.check("demo")
    (record,) = place.records
    record.write_text(content)
    assert place.check("demo").stdout == first.stdout
    place.mark()
    assert MARK in place.check("demo").stdout


def test_a_cache_that_cannot_be_written_is_none(place: Place) -> None:
    place.cache.write_text("a file, where a folder would be")
    first = place.check("demo")
    assert (first.returncode, first.stderr) == (place.check("demo").returncode, "")


def test_a_file_that_changed_meanwhile_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    begun = time.time_ns()
    time.sleep(0.02)
    (tmp_path / "demo.spec").write_text(SPEC)
    remembered.remember(["check"], [str(tmp_path / "demo.spec")], begun, "", "", 0)
    assert remembered.recalled(["check"]) is None
    time.sleep(0.02)
    remembered.remember(["check"], [str(tmp_path / "demo.spec")], time.time_ns(), "", "", 0)
    assert remembered.recalled(["check"]) == 0


def test_python_may_write_its_bytecode_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "generator"
    own.mkdir()
    (own / "module.py").touch()
    monkeypatch.setattr(remembered, "_HERE", str(own))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    time.sleep(0.02)
    begun = time.time_ns()
    (own / "__pycache__").mkdir()
    remembered.remember(["check"], [], begun, "", "", 0)
    assert remembered.recalled(["check"]) == 0
    (own / "__pycache__").rmdir()
    assert remembered.recalled(["check"]) == 0
    (own / "another.py").touch()
    assert remembered.recalled(["check"]) is None


def test_only_the_newest_records_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "specgen" / "checks"
    folder.mkdir(parents=True)
    for number in range(210):
        (folder / f"old{number}").touch()
        os.utime(folder / f"old{number}", ns=(number, number))
    remembered.remember(["check"], [], time.time_ns(), "", "", 3)
    assert len(list(folder.iterdir())) == 200
    assert not (folder / "old0").exists()
    assert remembered.recalled(["check"]) == 3
