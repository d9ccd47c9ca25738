"""What is kept of modules is used while it is that of their sources, and changes nothing but the time they take."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.cli import bytecode
from generator.cli.bytecode import Finder, Loader
from tests.cli.conftest import ROOT

SPECGEN = Path(sys.executable).with_name("specgen")
MODULES = {
    "plain_probe.py": "value = __file__\n",
    "box_probe/__init__.py": '"""A package."""\nfrom box_probe import inner\n',
    "box_probe/inner.py": "def fail() -> None:\n    raise ValueError(1)\n",
}
NAMES = ("plain_probe", "box_probe", "box_probe.inner")


class Place:
    """A folder of modules on the search path, and the file that keeps them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder / "modules", folder / "kept"
        for name, text in MODULES.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def finder(self) -> Finder:
        return Finder((str(self.file),))

    def load(self, finder: Finder | None = None) -> dict[str, dict[str, object]]:
        """Import the modules anew, with the finder if there is one; what Python says of each."""
        self.forget()
        if finder:
            sys.meta_path.insert(0, finder)
        try:
            for name in NAMES:
                importlib.import_module(name)
            return {name: dict(vars(sys.modules[name])) for name in NAMES}
        finally:
            if finder:
                sys.meta_path.remove(finder)

    def forget(self) -> None:
        for name in NAMES:
            sys.modules.pop(name, None)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    place = Place(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.syspath_prepend(place.folder)
    first = place.finder()
    place.load(first)
    first.keep()
    yield place
    place.forget()


def loaders(modules: dict[str, dict[str, object]]) -> list[type]:
    return [type(module["__loader__"]) for module in modules.values()]


def test_modules_are_what_they_are_without_it(place: Place) -> None:
    usual, kept = place.load(), place.load(place.finder())
    assert loaders(kept) == [Loader] * 3
    for name in NAMES:
        for attribute in ("__name__", "__file__", "__cached__", "__package__", "__path__", "__doc__", "value"):
            assert kept[name].get(attribute) == usual[name].get(attribute), (name, attribute)
        for attribute in ("name", "origin", "cached", "parent", "has_location", "submodule_search_locations"):
            assert getattr(kept[name]["__spec__"], attribute) == getattr(usual[name]["__spec__"], attribute)
    with pytest.raises(ValueError, match="1") as caught:
        kept["box_probe.inner"]["fail"]()
    assert str(caught.traceback[-1].statement).strip() == "raise ValueError(1)"


def same_size(place: Place) -> None:
    path = place.folder / "plain_probe.py"
    path.write_text("value = __name__\n")
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))


def same_time(place: Place) -> None:
    path = place.folder / "plain_probe.py"
    before = path.stat()
    path.write_text("value = 'longer than it was'\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGED: dict[str, tuple[Callable[[Place], object], list[type]]] = {
    "the time of a source": (same_size, [importlib.machinery.SourceFileLoader, Loader, Loader]),
    "the size of a source": (same_time, [importlib.machinery.SourceFileLoader, Loader, Loader]),
    "a module that comes first": (
        lambda place: (place.folder / "new_probe.py").write_text(""),
        [importlib.machinery.SourceFileLoader] * 3,
    ),
    "what no module can be": (lambda place: (place.folder / ".new").write_text(""), [Loader] * 3),
}


@pytest.mark.parametrize("what", CHANGED)
def test_what_has_changed_is_read_again(place: Place, what: str) -> None:
    change, expected = CHANGED[what]
    change(place)
    finder = place.finder()
    assert loaders(place.load(finder)) == expected
    place.forget()
    finder._loaded_before = set(sys.modules)
    place.load(finder)
    finder.keep()
    assert loaders(place.load(place.finder())) == [Loader] * 3


def import_probe(finder: Finder | None) -> object:
    """The value of a probe, imported anew."""
    sys.modules.pop("plain_probe", None)
    importlib.invalidate_caches()
    if finder:
        sys.meta_path.insert(0, finder)
    try:
        return importlib.import_module("plain_probe").value
    finally:
        if finder:
            sys.meta_path.remove(finder)


def replaced(place: Place) -> None:
    """Another source and Python's file of it, copied with the size and the time that they had."""
    path = place.folder / "plain_probe.py"
    before = path.stat()
    path.unlink()
    path.write_text("value = 'another'".ljust(before.st_size - 1) + "\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    Path(importlib.util.cache_from_source(str(path))).unlink()


def archived(place: Place) -> None:
    with zipfile.ZipFile(place.folder.parent / "first.zip", "w") as archive:
        archive.writestr("plain_probe.py", "value = 'from an archive'")


OTHERS: dict[str, Callable[[Place], object]] = {
    "a source with the same size and time": replaced,
    "a package beside the module": lambda place: (place.folder / "plain_probe" / "__init__.py").write_text("value = 1"),
    "a module in an archive that comes first": archived,
    "a package in a folder that comes first": lambda place: (
        place.folder.parent / "first" / "plain_probe" / "__init__.py"
    ).write_text("value = 2"),
    "a folder put first in the run": lambda place: sys.path.insert(0, str(place.folder.parent / "second")),
}


@pytest.mark.parametrize("what", OTHERS)
def test_python_would_load_another(place: Place, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    above = place.folder.parent
    for folder in (place.folder / "plain_probe", above / "first" / "plain_probe", above / "second"):
        folder.mkdir(parents=True)
    (above / "second" / "plain_probe.py").write_text("value = 3\n")
    with zipfile.ZipFile(above / "first.zip", "w"):
        pass
    monkeypatch.syspath_prepend(above / "first")
    monkeypatch.syspath_prepend(above / "first.zip")
    finder = place.finder()
    place.forget()
    place.load(finder)
    finder.keep()
    finder = place.finder()
    OTHERS[what](place)
    if "in the run" not in what:
        finder = place.finder()
    kept = import_probe(finder)
    assert kept == import_probe(None) != str(place.folder / "plain_probe.py")


def test_a_module_that_comes_into_a_package(place: Place) -> None:
    folder = place.folder / "box_probe" / "inner"
    folder.mkdir()
    for name in ("__init__.py", "more.py"):
        (folder / name).write_text("fail = None\n")
    assert place.load(place.finder())["box_probe.inner"]["fail"] is None


def test_a_package_that_lies_in_several_folders_is_not_kept(place: Place) -> None:
    (place.folder / "box_probe" / "__init__.py").write_text("__path__.append('/elsewhere')\nimport box_probe.inner\n")
    for _ in range(2):
        finder = place.finder()
        place.forget()
        modules = place.load(finder)
        finder._loaded_before = set(sys.modules) - set(NAMES)
        finder.keep()
        assert modules["box_probe"]["__path__"] == [str(place.folder / "box_probe"), "/elsewhere"]
    assert [type(modules[name]["__loader__"]) is Loader for name in NAMES] == [True, False, False]


def test_python_s_own_file_of_another_python_is_not_kept(place: Place) -> None:
    path = Path(importlib.util.cache_from_source(str(place.folder / "plain_probe.py")))
    place.load()
    finder = place.finder()
    path.write_bytes(b"\0\0\r\n" + path.read_bytes()[4:])
    assert finder._bytecode("box_probe.inner")
    assert finder._bytecode("plain_probe") is None
    assert finder._bytecode("never_loaded_probe") is None


def test_a_file_that_is_cut_while_it_is_open(place: Place) -> None:
    finder = place.finder()
    os.truncate(place.file, bytecode._HEAD.size + 10)
    assert place.load(finder)["plain_probe"]["value"] == str(place.folder / "plain_probe.py")
    place.load()
    place.forget()
    place.load()
    finder._loaded_before = set(sys.modules) - {"plain_probe"}
    finder.keep()
    place.load(last := place.finder())
    assert list(last._entries) == ["plain_probe"]


def test_of_two_files_the_one_with_more(place: Place) -> None:
    cache = place.file.with_name("cache")
    shutil.copy(place.file, cache)
    place.file.unlink()
    empty = Finder((str(place.file),))
    sys.modules.pop("plain_probe")
    import_probe(empty)
    empty.keep()
    for paths in ([place.file, cache], [cache, place.file]):
        assert loaders(place.load(Finder([*map(str, paths)]))) == [Loader] * 3


def test_another_folder_of_a_package_is_not_the_one_that_is_kept(place: Place) -> None:
    finder = place.finder()
    assert finder.find_spec("box_probe.inner", [str(place.folder / "box_probe")])
    assert finder.find_spec("box_probe.inner", [str(place.folder)]) is None
    assert finder.find_spec("unknown_probe") is None
    shutil.rmtree(place.folder / "box_probe")
    assert finder.find_spec("box_probe.inner", [str(place.folder / "box_probe")]) is None


def test_nothing_is_written_without_need_or_where_python_writes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = place.finder()
    place.load(finder)
    before = place.file.stat()
    finder.keep()
    assert place.file.stat() == before
    place.file.unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    finder = place.finder()
    place.load(finder)
    finder.keep()
    assert not place.file.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_file_costs_time_alone(place: Place, data: st.DataObject) -> None:
    whole = place.file.read_bytes()
    middle = bytecode._HEAD.size + bytecode._HEAD.unpack(whole[: bytecode._HEAD.size])[1]
    try:
        # Half a file, other bytes in its head, or bytecode that is none.
        kind = data.draw(st.sampled_from(["short", "head", "zeros", "code"]))
        if kind == "short":
            damaged = whole[: data.draw(st.integers(0, middle))]
        elif kind == "head":
            damaged = data.draw(st.binary(max_size=40)) + whole[data.draw(st.integers(0, 40)) :]
        elif kind == "zeros":  # what a file system may leave when the power goes
            damaged = bytes(data.draw(st.sampled_from([0, 12, 20, 4096, len(whole)])))
        else:
            damaged = whole[:middle] + b"N" * (len(whole) - middle)
        place.file.write_bytes(damaged)
        assert place.load(place.finder())["plain_probe"]["value"] == str(place.folder / "plain_probe.py")
    finally:
        place.file.write_bytes(whole)


PROBE = """
import os, sys

def leave(code):
    sys.stdout.flush()
    loaders = {name: type(getattr(module, "__loader__", None)).__name__ for name, module in sys.modules.items()}
    print([*loaders.values()].count("Loader"), loaders.get("click"), file=sys.stderr, flush=True)
    leave_as_ever(code)

leave_as_ever, os._exit = os._exit, leave
sys.argv = ["specgen", *sys.argv[1:]]
from generator.cli.main import run
run()
"""


def installation(folder: Path) -> dict[str, str]:
    """The environment for a copy of the program."""
    for name in ("generator", "templates"):
        shutil.copytree(ROOT / name, folder / "program" / name, ignore=shutil.ignore_patterns("__pycache__"))
    own = {"PYTHONPATH": str(folder / "program"), "HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache")}
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | own


def run(folder: Path, environment: dict[str, str], *arguments: str, **more: str) -> tuple[str, int, str]:
    """What a command prints, how many modules came from what is kept, and what click's loader is."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROBE, *arguments],
        env=environment | more, cwd=folder, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    count, loader = done.stderr.split()
    return done.stdout, int(count), loader


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.modules*") if path.is_file()]


def test_a_command_loads_what_the_last_one_kept(tmp_path: Path) -> None:
    environment = installation(tmp_path)
    first, second = (run(tmp_path, environment, "targets") for _ in range(2))
    assert first[1:] == (0, "SourceFileLoader")
    assert second[1] > 50
    assert second[2] == "Loader"
    assert first[0] == second[0] != ""
    (file,) = files(tmp_path)
    assert file.parent == tmp_path / "program" / "generator" / "cli" / "__pycache__"
    before = file.stat()
    assert run(tmp_path, environment, "targets") == second
    assert file.stat() == before
    # Python may be told to write no bytecode: nothing is kept, and what was is not looked for there.
    assert run(tmp_path, environment, "targets", PYTHONDONTWRITEBYTECODE="1") == first
    assert files(tmp_path) == [file]


def test_where_nothing_can_be_written_beside_the_program(tmp_path: Path) -> None:
    environment = installation(tmp_path)
    first = run(tmp_path, environment, "rules")
    (file,) = files(tmp_path)
    file.unlink()
    file.mkdir()  # root could write in a folder that forbids it
    assert run(tmp_path, environment, "rules") == first
    (file,) = files(tmp_path)
    assert file.parent == tmp_path / "cache" / "specgen"
    assert run(tmp_path, environment, "rules")[2] == "Loader"


def test_what_somebody_else_can_write_is_not_run(place: Place) -> None:
    place.file.chmod(0o666)
    assert loaders(place.load(place.finder())) == [importlib.machinery.SourceFileLoader] * 3


def test_an_unknown_command_keeps_nothing() -> None:
    assert bytecode.use("chekc") is None
    assert bytecode.use("../check") is None
