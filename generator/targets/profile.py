"""Profiles: the TOML files that describe targets, read and put together.

A profile says where each of its values comes from; it extends families, which say what several targets share:

    title = "openSUSE Leap 16.1"
    extends = "slfo"                  # a name or several, of a family or a profile; a file relative to this one
    disputed = true                   # not one of the targets that "all" means
    [rpm]
    version = "4.20.1"
    source = "…"
    [[values]]
    source = "where these values come from"
    disputed = "what speaks against them"
    undefine = ["sle_version"]        # the target has no such macro, even where a family has it
    [values.macros]
    suse_version = "1600"
    "fillup_only(-)" = ": macro fillup_only %{**}"

A profile of one's own may write `[macros]` at the top instead of `[[values]]`; its source is then the file itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from generator.errors import InputError, Problem
from generator.origin import Origin
from generator.targets.capabilities import version


class Value(msgspec.Struct, frozen=True):
    """One macro of a profile. `body` is None where the target is known not to have it."""

    name: str
    body: str | None
    source: str
    parameters: str | None = None  # the option string of a parametric macro, e.g. "n:r:"
    disputed: str = ""

    @property
    def definition(self) -> str:
        """The macro as a macro file says it, empty for one that the target does not have."""
        if self.body is None:
            return ""
        body = self.body.strip("\n").replace("\\", "\\\\").replace("\n", "\\\n")
        parameters = "" if self.parameters is None else f"({self.parameters})"
        return f"%{self.name}{parameters} {body}\n"


class Profile(msgspec.Struct):
    """A profile with all that it extends."""

    name: str
    title: str = ""
    rpm: str = ""
    rpm_source: str = ""
    architecture: str = "x86_64"
    git: bool = False
    disputed: bool = False
    families: frozenset[str] = frozenset()
    values: dict[str, Value] = {}


Read = Callable[[str, Path], Profile]  # how a profile finds what it extends: a name or a file, and the asking file

_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "title": str,
    "extends": (str, list),
    "architecture": str,
    "git": bool,
    "disputed": bool,
    "source": str,
    "rpm": dict,
    "values": list,
    "macros": dict,
}
_GROUP_KEYS: Mapping[str, type | tuple[type, ...]] = {
    "source": str,
    "disputed": str,
    "undefine": list,
    "macros": dict,
}
_RPM_KEYS: Mapping[str, type | tuple[type, ...]] = {"version": str, "source": str}
_NAME = re.compile(r"(?P<name>[A-Za-z_]\w*)(?:\((?P<parameters>[^()]*)\))?", re.ASCII)
_KINDS: Mapping[Any, str] = {str: "text in quotes", bool: "true or false", dict: "a table", list: "a list"}


class _File:
    """One profile file: its text, and what is wrong with it."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text
        self.problems: list[Problem] = []

    def table(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            where = re.search(r"at line (\d+)", str(error))
            line = int(where[1]) if where else self.text.rstrip().count("\n") + 1
            message = re.sub(r" \(at (?:line \d+, column \d+|end of document)\)", "", str(error))
            raise InputError(f"not TOML: {message}", Origin(PurePosixPath(self.path), line)) from None

    def complain(self, message: str, key: str = "", hint: str = "") -> None:
        self.problems.append(Problem(message, Origin(PurePosixPath(self.path), self.line(key)), hint))

    def line(self, key: str) -> int:
        """The first line that begins with a key, or holds it as a word; the first line where there is none."""
        quoted = re.escape(key)
        for pattern in (rf'^[ \t]*\[*"?{quoted}"?[ \t]*[=\].]', rf"(?<!\w){quoted}(?!\w)"):
            if key and (found := re.search(pattern, self.text, re.MULTILINE)):
                return self.text.count("\n", 0, found.start()) + 1
        return 1

    def check(self, table: Mapping[str, Any], keys: Mapping[str, type | tuple[type, ...]], what: str) -> None:
        for key, value in table.items():
            if key not in keys:
                near = get_close_matches(key, list(keys), 1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(keys)}"
                self.complain(f"unknown key {key!r} in {what}", key, hint)
            elif not isinstance(value, keys[key]):
                kinds = keys[key] if isinstance(keys[key], tuple) else (keys[key],)
                self.complain(f"{key} has to be {' or '.join(_KINDS[kind] for kind in kinds)}", key)  # type: ignore[union-attr]

    def values(self, group: Mapping[str, Any], source: str) -> Iterator[Value]:
        disputed = str(group.get("disputed", ""))
        for key, body in _dict(group.get("macros")).items():
            found = _NAME.fullmatch(key)
            if not found:
                self.complain(f"{key!r} is no macro name", key, 'write "name" or "name(options)"')
            elif not isinstance(body, str):
                self.complain(f"the value of {key} has to be text in quotes", key)
            else:
                yield Value(found["name"], body, source, found["parameters"], disputed)
        for name in _list(group.get("undefine")):
            if isinstance(name, str) and _NAME.fullmatch(name):
                yield Value(name, None, source, None, disputed)
            else:
                self.complain(f"{name!r} in undefine is no macro name", "undefine")


def read(path: Path, name: str, text: str, find: Read, *, built_in: bool = False) -> Profile:
    """The profile that `text`, the content of `path`, describes; `find` gives the profiles that it extends.

    Raises:
        InputError: all that is wrong with the file, each with its line where one can be told.
    """
    file = _File(path, text)
    table = file.table()
    file.check(table, _KEYS, "a profile")
    file.check(_dict(table.get("rpm")), _RPM_KEYS, "[rpm]")
    profile = Profile(name)
    for parent in _extends(table):
        _inherit(profile, find(parent, path))
    profile.families |= {name}
    profile.title = str(table.get("title", name))
    profile.architecture = str(table.get("architecture", profile.architecture))
    profile.git = bool(table.get("git", profile.git))
    profile.disputed = bool(table.get("disputed", False))
    rpm = _dict(table.get("rpm"))
    if rpm:
        profile.rpm = str(rpm.get("version", ""))
        profile.rpm_source = str(rpm.get("source", path))
        if not _is_version(profile.rpm):
            file.complain(f"rpm version {profile.rpm!r} is no version", "version", 'as in "4.20.1"')
    source = str(table.get("source", "" if built_in else path))
    groups = [group for group in _list(table.get("values")) if isinstance(group, dict)]
    for group in [*groups, {"macros": _dict(table.get("macros")), "source": source}]:
        file.check(group, _GROUP_KEYS, "[[values]]")
        where = group.get("source") or source
        if not where and (group.get("macros") or group.get("undefine")):
            file.complain("values without a source", next(iter(_dict(group.get("macros"))), "undefine"))
        for value in file.values(group, str(where)):
            profile.values.pop(value.name, None)  # what is said last is also listed last
            profile.values[value.name] = value
    if file.problems:
        raise InputError(file.problems)
    return profile


def _extends(table: Mapping[str, Any]) -> list[str]:
    found = table.get("extends", [])
    return [found] if isinstance(found, str) else [str(name) for name in _list(found)]


def _inherit(profile: Profile, parent: Profile) -> None:
    profile.rpm, profile.rpm_source = parent.rpm or profile.rpm, parent.rpm_source or profile.rpm_source
    profile.architecture, profile.git = parent.architecture, parent.git
    profile.families |= parent.families
    profile.values = {**profile.values, **parent.values}


def _is_version(text: str) -> bool:
    try:
        return bool(version(text))
    except ValueError:
        return False


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
