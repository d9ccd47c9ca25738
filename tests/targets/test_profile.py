"""Profiles of one's own: what they may say, and every way in which they can be wrong, with lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import targets
from generator.errors import InputError
from generator.targets.profile import Profile, read


def profile(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    path = profile(
        tmp_path,
        """title = "Ours"
extends = "tumbleweed"
[macros]
suse_version = "1701"
"our_post(-)" = ": macro our_post %{**}"
[[values]]
source = "our build service"
undefine = ["is_opensuse"]
""",
    )
    target = targets.load(str(path))
    assert (target.name, target.title, target.rpm) == ("mine", "Ours", targets.load("tumbleweed").rpm)
    assert target.macros["suse_version"] == "1701"
    assert "our_post" in target.parametric
    assert "is_opensuse" not in target.macros
    assert target.capabilities == targets.load("tumbleweed").capabilities
    rows = {row.macro: row for row in targets.explain(target)}
    assert rows["suse_version"].source == str(path)
    assert rows["is_opensuse"].source == "our build service"
    assert rows["_unitdir"].source.startswith("systemd")


def test_a_profile_extends_another_file(tmp_path: Path) -> None:
    profile(tmp_path, 'extends = "sle12"\n[macros]\nours = "1"\n', "base.toml")
    target = targets.load(profile(tmp_path, 'extends = "base.toml"\n[macros]\nmore = "2"\n'))
    assert (target.macros["ours"], target.macros["more"], target.macros["sle_version"]) == ("1", "2", "120000")
    assert "weak-dependencies" in target.capabilities


def test_a_profile_can_stand_alone(tmp_path: Path) -> None:
    target = targets.load(profile(tmp_path, '[rpm]\nversion = "4.15.1"\nsource = "x"\n[macros]\nfoo = "1"\n'))
    assert target.macros == {"foo": "1"}
    assert "elif" in target.capabilities


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('extends = "sle15"\nbroken', "mine.toml:2: not TOML"),
        ('extends = "sle15"\n\ntitel = "x"', "mine.toml:3: unknown key 'titel' in a profile (did you mean 'title'?)"),
        ('extends = "sle15"\n[[values]]\nsuorce = "x"', "mine.toml:3: unknown key 'suorce' in [[values]]"),
        ('extends = "sle15"\n[macros]\nfoo = 7', "mine.toml:3: the value of foo has to be text in quotes"),
        ('extends = "sle15"\n[macros]\n"a b" = "7"', "mine.toml:3: 'a b' is no macro name"),
        ('extends = "sle15"\n\ngit = "yes"', "mine.toml:3: git has to be true or false"),
        ('[rpm]\nversion = "four"', "mine.toml:2: rpm version 'four' is no version"),
        ('extends = "sle51"', "extends 'sle51', which is no target (did you mean 'sle15'?)"),
        ('extends = "./other.toml"', "other.toml: cannot be read: No such file or directory"),
        ('extends = "mine.toml"', "mine.toml: extends itself, in the end"),
        ("[macros]\nfoo = '1'", "which rpm builds there is not known"),
        ('extends = "sle15"\n[[values]]\nundefine = ["a b"]', "mine.toml:3: 'a b' in undefine is no macro name"),
        ('values = "x"\nextends = "sle15"', "mine.toml:1: values has to be a list"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        targets.load(profile(tmp_path, text))
    assert message in str(caught.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        targets.load(profile(tmp_path, 'extends = "sle15"\ntitel = "x"\ngit = "x"\n[macros]\nfoo = 1\n'))
    assert [problem.origin.line for problem in caught.value.problems if problem.origin] == [2, 3, 5]


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        targets.load("./nowhere.toml")
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read: not UTF-8"):
        targets.load(tmp_path / "x.toml")


keys = st.sampled_from(["title", "extends", "git", "rpm", "values", "macros", "source", "version", "undefine", "x"])
toml_values = st.sampled_from(['"a"', "true", "1", "[]", '["x"]', "{}", "[[1]]", '{a = "b"}', '{version = "4.1"}', "-"])
toml = st.lists(st.one_of(st.builds("{} = {}".format, keys, toml_values), st.builds("[{}]".format, keys)), max_size=8)


@given(st.one_of(st.text(max_size=80), toml.map("\n".join)))
def test_any_text_is_a_profile_or_a_typed_error(text: str) -> None:
    try:
        assert read(Path("mine.toml"), "mine", text, lambda name, _: Profile(name)).name == "mine"
    except InputError as error:
        assert all(problem.origin for problem in error.problems)  # noqa: PT017 - either outcome is fine
