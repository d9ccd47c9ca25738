"""Conditions: where a fact holds. One tree that is parsed once, renders to `%if` and evaluates for a target.

The language (docs/definition.md, "Conditions"):

    is_opensuse                     true where the macro is a number other than 0; an undefined macro is 0
    sle_version >= 150000           == != < <= > >= with a whole number
    name == "docker-stable"         == != with a quoted string; an undefined macro is the empty string
    defined _fillupdir              the macro exists
    with buildx                     the feature (`%bcond`) is on
    option secrets == engine        a choice of the definition, decided when it is rendered
    arch x86_64 aarch64             the build architecture is one of these
    sles                            a condition that the definition named
    not, and, or, ( )
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro as a number, compared with one; the plain macro is `!= 0`."""

    name: str
    operator: str = "!="
    value: int = 0


@dataclass(frozen=True, slots=True)
class String:
    """A macro as a string, `==` or `!=` a literal."""

    name: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Defined:
    """Whether a macro exists at all."""

    name: str


@dataclass(frozen=True, slots=True)
class Feature:
    """Whether a `%bcond` is on."""

    name: str


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of the definition; never reaches the spec."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Architecture:
    """The build architecture is one of these (`%ifarch`)."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """Always or never."""

    value: bool


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    operand: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    operands: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of these."""

    operands: tuple[Condition, ...]


Condition: TypeAlias = Macro | String | Defined | Feature | Option | Architecture | Constant | Not | And | Or


@dataclass(frozen=True, slots=True)
class Situation:
    """What a condition is evaluated against: a target's macros, the features that are on, the architecture."""

    macros: Mapping[str, str]
    features: Mapping[str, bool]
    architecture: str = "x86_64"
