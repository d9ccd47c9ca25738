"""The tree of a condition: its leaves, how they are joined, and what it speaks of."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import msgspec

LARGEST = 2**31 - 1  # rpm reads the numbers of an expression as C ints
COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


class Macro(msgspec.Struct, frozen=True):
    """A macro as a number, compared with one; the plain macro is `!= 0`."""

    name: str
    operator: str = "!="
    value: int = 0


class String(msgspec.Struct, frozen=True):
    """A macro as a string, `==` or `!=` a literal."""

    name: str
    operator: str
    value: str


class Defined(msgspec.Struct, frozen=True):
    """Whether a macro exists at all."""

    name: str


class Feature(msgspec.Struct, frozen=True):
    """Whether a `%bcond` is on."""

    name: str


class Option(msgspec.Struct, frozen=True):
    """A choice of the definition; never reaches the spec."""

    name: str
    value: str


class Architecture(msgspec.Struct, frozen=True):
    """The build architecture is one of these (`%ifarch`)."""

    names: tuple[str, ...]


class Constant(msgspec.Struct, frozen=True):
    """Always or never."""

    value: bool


class Not(msgspec.Struct, frozen=True):
    """The opposite."""

    operand: Condition


class And(msgspec.Struct, frozen=True):
    """All of these; two or more."""

    operands: tuple[Condition, ...]


class Or(msgspec.Struct, frozen=True):
    """At least one of these; two or more."""

    operands: tuple[Condition, ...]


Condition: TypeAlias = Macro | String | Defined | Feature | Option | Architecture | Constant | Not | And | Or


class Situation(msgspec.Struct, frozen=True):
    """What a condition is evaluated against: a target's macros, the features that are on, the architecture."""

    macros: Mapping[str, str]
    features: Mapping[str, bool]
    architecture: str = "x86_64"


class Names(msgspec.Struct, frozen=True):
    """What a condition speaks of."""

    macros: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()
    architectures: frozenset[str] = frozenset()


def atoms(condition: Condition) -> Iterator[Condition]:
    """Every leaf of the condition, in the order in which it was written."""
    match condition:
        case Not(operand):
            yield from atoms(operand)
        case And(operands) | Or(operands):
            for operand in operands:
                yield from atoms(operand)
        case _:
            yield condition


def names(condition: Condition) -> Names:
    """The macros, features, options and architectures that the condition speaks of."""
    found = tuple(atoms(condition))
    return Names(
        frozenset(atom.name for atom in found if isinstance(atom, Macro | String | Defined)),
        frozenset(atom.name for atom in found if isinstance(atom, Feature)),
        frozenset(atom.name for atom in found if isinstance(atom, Option)),
        frozenset(name for atom in found if isinstance(atom, Architecture) for name in atom.names),
    )


def is_literal(value: str) -> bool:
    """Whether the text can stand between quotes in an `%if`."""
    return not any(character in '"%\\{}' or not character.isprintable() for character in value)
