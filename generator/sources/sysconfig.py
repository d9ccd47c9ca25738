"""Fillup templates (`sysconfig.NAME`): variables with metadata for the administrator's editor.

The metadata are those of YaST's sysconfig editor (yast-sysconfig, `doc/metadata.txt`): lines `## Key: value` at the
beginning of a variable's comment. Path and actions hold for the variables after them too, and a variable without any
metadata takes those of the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

import msgspec

from generator.sources.settingtype import SettingType

# Metadata keys in the order in which they are written.
KEYS = (
    "Path", "Description", "Type", "Default", "PreSaveCommand", "Config", "ServiceReload", "ServiceRestart", "Command",
)  # fmt: skip
TOP_PATHS = ("Hardware", "System", "Desktop", "Applications", "Network", "Other")

_ACTIONS = ("PreSaveCommand", "Config", "ServiceReload", "ServiceRestart", "Command")
_METADATA = re.compile(r"##[ \t]*([A-Za-z]+)[ \t]*:[ \t]*(.*)\Z")
_ASSIGNMENT = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=(.*)\Z", re.DOTALL)


class Metadata(msgspec.Struct, frozen=True):
    """One `## Key: value`; a value over several lines is joined. `line` is that of the key."""

    key: str
    value: str
    line: int


class Variable(msgspec.Struct, frozen=True):
    """One variable of a template.

    `value` is the assigned value without its quotes, `comment` the help text, `own` the metadata in its own comment,
    `effective` those that hold for it, by key.
    """

    name: str
    value: str
    line: int
    comment: str
    own: tuple[Metadata, ...]
    effective: Mapping[str, Metadata]

    def metadata(self, key: str) -> str:
        """The value that holds for a key, empty without one."""
        return self.effective[key].value if key in self.effective else ""

    @property
    def default(self) -> str | None:
        """The value of Default without its quotes; None without that key."""
        return unquoted(self.effective["Default"].value) if "Default" in self.effective else None


class Template(msgspec.Struct, frozen=True, dict=True):
    """A fillup template as it was read."""

    name: str
    content: bytes

    @classmethod
    def parse(cls, name: str, content: bytes) -> Template:
        """Read a template; every content is one."""
        return cls(name, content)

    def to_bytes(self) -> bytes:
        """The template as it was read."""
        return self.content

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """The variables in their order."""
        return tuple(_variables(self.content.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")))


def _variables(lines: list[str]) -> Iterator[Variable]:
    own: list[Metadata] = []
    comment: list[str] = []
    held: dict[str, Metadata] = {}
    previous: dict[str, Metadata] = {}
    at = 0
    while at < len(lines):
        line, number = lines[at], at + 1
        at += 1
        if match := _METADATA.match(line):
            value = match[2].rstrip()
            while value.endswith("\\") and at < len(lines) and lines[at].startswith("##"):
                value = value[:-1].rstrip() + " " + lines[at].lstrip("#").strip()
                at += 1
            own.append(Metadata(match[1], value.strip(), number))
        elif line.startswith("#"):
            if not line.startswith("##"):
                comment.append(line[1:].strip())
        elif match := _ASSIGNMENT.match(line):
            text = match[2]
            while not _closed(text) and at < len(lines):
                text += "\n" + lines[at]
                at += 1
            # Path and actions stay in force; all else is the variable's own, or as a whole the one's before.
            here = {datum.key: datum for datum in own}
            held |= {key: datum for key, datum in here.items() if key in ("Path", "Description")}
            if any(key in here for key in _ACTIONS):
                held = {key: datum for key, datum in held.items() if key not in _ACTIONS}
                held |= {key: datum for key, datum in here.items() if key in _ACTIONS}
            effective = held | (here if own else {key: d for key, d in previous.items() if key not in held})
            yield Variable(match[1], unquoted(text), number, "\n".join(comment).strip("\n"), tuple(own), effective)
            previous, own, comment = effective, [], []
    return


def _closed(text: str) -> bool:
    """Whether all quotes of a shell word are closed."""
    return _word(text)[1]


def _word(text: str) -> tuple[str, bool]:
    """The first word of a shell text without its quotes, and whether these are closed."""
    word, quote, at = "", "", 0
    while at < len(text):
        char = text[at]
        at += 1
        if quote == "'":
            if char == "'":
                quote = ""
            else:
                word += char
        elif char == "\\" and at < len(text):
            follower = text[at]
            at += 1
            word += follower if not quote or follower in '"\\$`' else "\n" if follower == "\n" else char + follower
        elif quote:
            if char == '"':
                quote = ""
            else:
                word += char
        elif char in "'\"":
            quote = char
        elif char.isspace() or char == ";":
            break
        else:
            word += char
    return word, not quote


def unquoted(text: str) -> str:
    """A shell word without its quotes; what follows it is left out."""
    return _word(text.strip())[0]


def type_of(variable: Variable) -> SettingType:
    """The type that holds for a variable; `string` where none is given.

    Raises:
        InputError: there is no such type.
    """
    return SettingType.parse(variable.metadata("Type") or "string")
