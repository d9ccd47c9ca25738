"""What entries of a definition are made of: the base of every entry, and lists whose items hold under conditions."""

from collections.abc import Iterator
from dataclasses import dataclass
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


class ConditionalEntry(Entry, frozen=True, kw_only=True):
    """An entry that may hold only under a condition, and may say why it is there."""

    when: Condition | None = None
    because: str = ""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
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
    because: str = ""


Prose = Annotated[str, "prose"]
"""Text for people: `%` is doubled and no line can begin a section when it is rendered."""

Mode = Annotated[str, "mode"]
"""Permission bits as an octal number of three or four digits, e.g. 0644."""
