"""A condition in a spec: what rpm reads."""

from __future__ import annotations

from typing import assert_never

from generator.condition.logic import folded, undecided
from generator.condition.tree import (
    And,
    Architecture,
    Condition,
    Constant,
    Defined,
    Feature,
    Macro,
    Not,
    Option,
    Or,
    String,
)

_ALWAYS_DEFINED = ("name", "version")  # every spec has them, and nobody writes %{?name}


def opening(condition: Condition) -> str:
    """The whole line that opens a conditional block in a spec: `%if …`, `%ifarch …` or `%ifnarch …`.

    It means the same to rpm 4.11 (SLE 12) as to 4.20.

    Raises:
        InputError: an option is left.
    """
    match folded(condition):
        case Architecture(names=wanted):
            return f"%ifarch {' '.join(wanted)}"
        case Not(Architecture(names=wanted)):
            return f"%ifnarch {' '.join(wanted)}"
        case other:
            return f"%if {render(other)}"


def render(condition: Condition) -> str:
    """The condition as an rpm expression: what stands after `%if`.

    Raises:
        InputError: an option is left.
    """
    return _expression(folded(condition))


def _expression(condition: Condition) -> str:
    match condition:
        case Macro(name, comparison, value):
            plain = (comparison, value) == ("!=", 0)
            return f"0%{{?{name}}}" if plain else f"0%{{?{name}}} {comparison} {value}"
        case String(name, comparison, literal):
            return f'"%{{{"" if name in _ALWAYS_DEFINED else "?"}{name}}}" {comparison} "{literal}"'
        case Defined(name):
            return f"%{{defined {name}}}"
        case Feature(name):
            return f"%{{with {name}}}"
        case Architecture(names=wanted):
            return " || ".join(f'"%{{_target_cpu}}" == "{name}"' for name in wanted)
        case Constant(value=constant):
            return "1" if constant else "0"
        case And(operands):
            return _joined(operands, "&&")
        case Or(operands):
            return _joined(operands, "||")
        case Not(operand):
            return _opposite(operand)
        case Option():
            raise undecided(condition)
    assert_never(condition)


def _opposite(atom: Condition) -> str:
    match atom:
        case Defined(name):
            return f"%{{undefined {name}}}"
        case Feature(name):
            return f"%{{without {name}}}"
        case Architecture(names=wanted):
            return " && ".join(f'"%{{_target_cpu}}" != "{name}"' for name in wanted)
        case Option():
            raise undecided(atom)
    raise AssertionError(atom)  # folding leaves `not` before nothing else


def _joined(operands: tuple[Condition, ...], sign: str) -> str:
    # rpm gives && and || the same precedence, from left to right, in every version
    parts = ((_expression(operand), _sign(operand)) for operand in operands)
    return f" {sign} ".join(f"({text})" if inner not in ("", sign) else text for text, inner in parts)


def _sign(condition: Condition) -> str:
    """The operator at the top of the condition's expression, empty for a single comparison."""
    match condition:
        case And() | Not(Architecture(names=(_, _, *_))):
            return "&&"
        case Or() | Architecture(names=(_, _, *_)):
            return "||"
    return ""
