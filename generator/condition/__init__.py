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
    always, never
    not, and, or, ( )               `not` binds tightest, then `and`, then `or`
"""

from __future__ import annotations

from generator.condition.language import describe, parse
from generator.condition.logic import evaluate, fix, folded, negated
from generator.condition.spec import opening, render
from generator.condition.tree import (
    And,
    Architecture,
    Condition,
    Constant,
    Defined,
    Feature,
    Macro,
    Names,
    Not,
    Option,
    Or,
    Situation,
    String,
    atoms,
    names,
)

__all__ = [
    "And",
    "Architecture",
    "Condition",
    "Constant",
    "Defined",
    "Feature",
    "Macro",
    "Names",
    "Not",
    "Option",
    "Or",
    "Situation",
    "String",
    "atoms",
    "describe",
    "evaluate",
    "fix",
    "folded",
    "names",
    "negated",
    "opening",
    "parse",
    "render",
]
