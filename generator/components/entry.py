"""What entries of a definition are made of: the base of every entry, kinds of text, and conditional lists."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, ClassVar, Generic, Literal, TypeVar

import msgspec

from generator.components.contribution import Guard
from generator.condition import Condition
from generator.origin import Origin


class Entry(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """One entry of a definition; `origin` is where it begins.

    `shorthand` names the field that a plain scalar stands for. `identity` names the field by which `extends` finds
    the entry of a list that it replaces; of a scalar's first word where the field is a dependency.
    """

    shorthand: ClassVar[str] = ""
    identity: ClassVar[str] = ""

    origin: Origin | None = None


class Shape(msgspec.Struct, frozen=True, dict=True):
    """What a text must look like: a pattern for the whole of it, and what that is called in messages.

    A `plain` text is taken as it is; others are macro text, which rpm expands where it stands.
    """

    pattern: str
    saying: str
    plain: bool = False

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The pattern, for ASCII."""
        return re.compile(self.pattern, re.ASCII)


class Limits(msgspec.Struct, frozen=True):
    """The least and the largest whole number that will do."""

    least: int
    largest: int


PROSE = "prose"

# A field of type `str` is macro text on one line.

Prose = Annotated[str, PROSE]
"""Text for people, of any number of lines: `%` is doubled and no line can begin a section when it is rendered."""

Plain = Annotated[str, Shape(r"[^\n]*", "one line", plain=True)]
"""One line that is taken as it is; rpm expands nothing in it."""

Mode = Annotated[str, Shape(r"[0-7]{3,4}", "permission bits such as 0644")]
Name = Annotated[str, Shape(r"[A-Za-z0-9][A-Za-z0-9._+-]*", "a name of letters, digits and . _ + -")]
"""The name of a package, a subpackage's suffix or a tree."""

FileName = Annotated[str, Shape(r"[^/\s]*[^/\s.][^/\s]*", "the name of a file without a directory")]
Word = Annotated[str, Shape(r"\S+", "a name or pattern without blanks")]
Path = Annotated[
    str,
    Shape(
        r'"(?:/|%\{)[^"]*"|(?=/|%\{)(?:%\{[^{}]*\}|[^\s"])+',
        "a path that begins with / or a macro such as %{_bindir}, in quotes where it holds blanks",
    ),
]
"""A path in a binary package, as macro text; in quotes where it holds blanks."""

FileKey = Annotated[str, Shape(r"[A-Za-z0-9][\w.-]*", "the name of a file, without .conf")]
"""The name of a file for systemd: KEY.conf in sysusers.d or tmpfiles.d."""

AccountName = Annotated[str, Shape(r"[a-z_][a-z0-9_-]{0,30}", "an account's name, such as docker")]
_PARTS = r"(?:/(?!\.{1,2}(?:/|$))[\w.+-]+)+"
PlainPath = Annotated[str, Shape(f"/|{_PARTS}", "an absolute path without macros, `//`, `.` and `..`")]
"""What systemd's path_is_normalized() takes; sysusers.d and tmpfiles.d know no macros of rpm."""

PlainFile = Annotated[str, Shape(_PARTS, "the absolute path of a file, without macros, `//`, `.` and `..`")]

SourceNumber = Annotated[int, Limits(0, 99999)]


class ConditionalEntry(Entry, frozen=True, kw_only=True):
    """An entry that may hold only under a condition, and may say why it is there."""

    when: Condition | None = None
    because: Prose = ""


T = TypeVar("T")


class Item(msgspec.Struct, Generic[T], frozen=True):
    """One item of a conditional list: the value, the conditions around it, and the reason given for it."""

    value: T
    guard: Guard = ()
    because: str = ""
    origin: Origin | None = None


class Items(tuple[Item[T], ...], Generic[T]):
    """A list whose items may stand under `when`/`then`/`else`, flattened; the order is that of the definition."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Item[T]]:
        """Go through the items in order."""
        return super().__iter__()


class Dependency(Entry, frozen=True, kw_only=True):
    """A dependency as macro text: a name, perhaps with a version, or a rich dependency in parentheses.

    `for` names the scriptlet that needs it (`Requires(post)`).
    """

    shorthand: ClassVar[str] = "dependency"
    identity: ClassVar[str] = "dependency"

    dependency: str
    stage: Literal["", "pre", "post", "preun", "postun", "pretrans", "posttrans", "verify"] = msgspec.field(
        name="for", default=""
    )
    because: Prose = ""


def installed_path(path: str, source: str) -> str:
    """Where a file goes: to `path`; one that ends in / takes the source's name."""
    return path + source.rpartition("/")[2] if path.endswith("/") and source else path
