"""The built-in targets: what they say, that everything has a source, and that loading them is quick and safe."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import generator.targets
from generator import targets
from generator.errors import InputError
from generator.targets import store
from generator.targets.capabilities import version

ROOM = Path(generator.targets.__file__).parent
WANTED = {
    "sle12": ("1315", "120000", None),
    "sle12sp5": ("1315", "120500", None),
    "sle15": ("1500", "150000", None),
    "sle15sp6": ("1500", "150600", None),
    "sle15sp7": ("1500", "150700", None),
    "leap15.6": ("1500", "150600", "1"),
    "slfo1.2": ("1600", None, None),
    "slfo-main": ("1610", None, None),
    "leap16.0": ("1600", None, "1"),
    "tumbleweed": ("1699", None, "1"),
}


def test_the_ten_targets_in_order() -> None:
    assert tuple(target.name for target in targets.all_targets()) == tuple(WANTED)
    assert set(targets.names()) == {*WANTED, "leap16.1"}


@pytest.mark.parametrize("name", WANTED)
def test_the_values_that_specs_ask_for(name: str) -> None:
    target = targets.load(name)
    found = tuple(target.macros.get(macro) for macro in ("suse_version", "sle_version", "is_opensuse"))
    assert found == WANTED[name]
    assert target.macros["sysusers_requires"] == "Requires(pre): sysuser-shadow"
    old = version(target.rpm) < (4, 20)
    prereq = "fillup coreutils grep diffutils" if old else "fillup /usr/bin/mkdir /usr/bin/touch"
    assert target.macros["fillup_prereq"] == prereq


def test_sle12_has_no_fillupdir() -> None:
    assert "_fillupdir" in targets.load("sle12").undefined
    assert "_fillupdir" not in targets.load("sle12").defined
    assert "%_fillupdir " not in targets.load("sle12").definitions
    assert targets.load("sle15").macros["_fillupdir"] == "%{_usr}/share/fillup-templates"


def test_a_disputed_target_is_loaded_but_is_not_one_of_all() -> None:
    target = targets.load("leap16.1")
    assert not target.standing
    assert target.disputed["suse_version"] == "1610 by other sources"
    assert targets.explain(target)[1][0] == "suse_version"


@pytest.mark.parametrize("name", [*WANTED, "leap16.1"])
def test_every_value_has_a_source(name: str) -> None:
    target = targets.load(name)
    rows = {row.macro: row for row in targets.explain(target)}
    assert rows.keys() == target.defined | target.undefined | {"rpm"}
    assert all(row.source for row in rows.values())
    assert rows["suse_version"].value == target.macros["suse_version"]


def test_the_capabilities_of_the_versions() -> None:
    rich = {name for name in WANTED if "rich-dependencies" in targets.load(name).capabilities}
    assert rich == set(WANTED) - {"sle12", "sle12sp5"}
    assert all("weak-dependencies" in targets.load(name).capabilities for name in WANTED)
    assert "elif" not in targets.load("sle15").capabilities
    assert {"numbered-patch-macro", "bare-words"} <= targets.load("sle15").capabilities
    assert not {"numbered-patch-macro", "bare-words"} & targets.load("tumbleweed").capabilities
    assert {"native-sysusers", "build-system"} <= targets.load("slfo1.2").capabilities
    for name, capability in targets.capabilities().items():
        assert capability.title, name
        assert capability.source, name


def test_git_is_where_16_is() -> None:
    assert {name for name in targets.names() if targets.load(name).git} == {
        "slfo1.2", "slfo-main", "leap16.0", "leap16.1",
    }  # fmt: skip


def test_no_value_is_written_twice() -> None:
    """A profile says only what its families do not say already."""
    for path in ROOM.glob("profiles/*.toml"):
        family = tomllib.loads(path.read_text())["extends"]
        above = tomllib.loads((ROOM / f"families/{family}.toml").read_text())
        inherited = {name: body for group in above["values"] for name, body in group.get("macros", {}).items()}
        for group in tomllib.loads(path.read_text())["values"]:
            for name, body in group.get("macros", {}).items():
                assert inherited.get(name) != body, f"{path.name}: {name}"


def test_unknown_targets_name_the_nearest() -> None:
    with pytest.raises(InputError, match=r"unknown target 'tumblewed'.*did you mean 'tumbleweed'"):
        targets.load("tumblewed")
    with pytest.raises(InputError, match=r"known: sle12, .*mine\.toml"):
        targets.load("zzz")


def test_known_macros() -> None:
    for name in ("service_add_pre", "_bindir", "python313_sitelib", "SOURCE7", "kf6_version", "setup", "suse_version"):
        assert targets.is_known_macro(name), name
    for name in ("servcie_add_pre", "docker_version", "_fillupdri2x", "buildroo"):
        assert not targets.is_known_macro(name), name
    for target in targets.all_targets():
        assert target.defined <= targets.known_macros()


def test_what_is_kept_equals_what_the_profiles_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = {name: targets.load(name) for name in targets.names()}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for content in (None, b"", b"\xc1damaged", b"\x80"):
        if content is not None:
            next((tmp_path / "specgen").glob("profiles-*.msgpack")).write_bytes(content)
        store.kept.cache_clear()
        store.built_in.cache_clear()
        assert {name: targets.load(name) for name in targets.names()} == fresh
    assert [path.name for path in (tmp_path / "specgen").iterdir() if path.name.startswith(".")] == []


def test_nothing_can_be_kept_in_an_unwritable_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    store.kept.cache_clear()
    store.built_in.cache_clear()
    assert targets.load("sle15").macros["suse_version"] == "1500"


def test_a_profile_imports_no_toml_once_it_is_kept() -> None:
    targets.all_targets()
    code = "import sys, generator.targets as t; t.all_targets(); print('tomllib' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_definitions_are_one_macro_after_another() -> None:
    for target in targets.all_targets():
        starts = [found[1] for found in re.finditer(r"^%(\w+)(?:\([^)]*\))? ", target.definitions, re.MULTILINE)]
        assert target.defined <= set(starts)
        assert target.definitions.endswith("\n")
