"""What a condition says: its value in a situation, its folded form, its opposite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from generator.condition.language import describe
from generator.condition.tree import (
    COMPARE,
    LARGEST,
    OPPOSITE,
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
    Situation,
    String,
    is_literal,
)
from generator.errors import InputError


def evaluate(condition: Condition, situation: Situation) -> bool:
    """Whether the condition holds in a situation. Says what rpm says of the `%if` that `opening` writes.

    Raises:
        InputError: a macro that is compared with a number is none, a value has still to be expanded, or an option
            is left.
    """
    match condition:
        case Macro(name, comparison, value):
            return COMPARE[comparison](_number(condition, situation.macros.get(name, "")), value)
        case String(name, comparison, literal):
            return (_string(condition, situation.macros.get(name, "")) == literal) is (comparison == "==")
        case Defined(name):
            return name in situation.macros
        case Feature(name):
            return situation.features.get(name, False)
        case Architecture(names=wanted):
            return situation.architecture in wanted
        case Constant(value=constant):
            return constant
        case Not(operand):
            return not evaluate(operand, situation)
        case And(operands):
            return all(evaluate(operand, situation) for operand in operands)
        case Or(operands):
            return any(evaluate(operand, situation) for operand in operands)
        case Option():
            raise undecided(condition)
    assert_never(condition)


def _number(condition: Macro, value: str) -> int:
    if value and not (value.isascii() and value.isdigit()):
        raise InputError(
            f'macro {condition.name} is "{value}", which is no whole number',
            hint=f'so "{describe(condition)}" cannot be decided; compare it with a quoted string',
        )
    if len(value) > 10 or int(value or "0") > LARGEST:
        raise InputError(f"macro {condition.name} is {value}, more than rpm can compare ({LARGEST})")
    return int(value or "0")


def _string(condition: String, value: str) -> str:
    if not is_literal(value):
        raise InputError(
            f"macro {condition.name} is {value!r}, which no %if can compare",
            hint=f'so "{describe(condition)}" cannot be decided; it needs a value without \'"\', "%" and line ends',
        )
    return value


def undecided(option: Option) -> InputError:
    """The error for an option that should have been decided by `fix`."""
    return InputError(f'option {option.name} is not decided, so "{describe(option)}" has no value here')


def fix(condition: Condition, options: Mapping[str, str]) -> Condition:
    """The condition with its options decided and everything folded that is then constant.

    The result is canonical enough to be compared: nested And and Or are flat and hold nothing twice, `not` stands
    only before `defined`, `with` and `arch`, and a Constant is left only where the whole condition is one.

    Raises:
        InputError: an option is missing from `options`.
    """
    return _fold(condition, options, wanted=True)


def folded(condition: Condition) -> Condition:
    """The condition in the form that `fix` gives, options left as they are."""
    return _fold(condition, None, wanted=True)


def negated(condition: Condition) -> Condition:
    """The opposite, folded: comparisons turn round, `not` moves inwards."""
    return _fold(condition, None, wanted=False)


def _fold(condition: Condition, options: Mapping[str, str] | None, *, wanted: bool) -> Condition:
    """The folded condition (`wanted`), or its folded opposite."""
    match condition:
        case Not(operand):
            return _fold(operand, options, wanted=not wanted)
        case And(operands):
            return _junction([_fold(operand, options, wanted=wanted) for operand in operands], every=wanted)
        case Or(operands):
            return _junction([_fold(operand, options, wanted=wanted) for operand in operands], every=not wanted)
        case Constant(value=constant):
            return Constant(constant is wanted)
        case Option(name, choice) if options is not None:
            if name not in options:
                raise undecided(condition)
            return Constant((options[name] == choice) is wanted)
        case Macro(name, comparison, value):
            return condition if wanted else Macro(name, OPPOSITE[comparison], value)
        case String(name, comparison, literal):
            return condition if wanted else String(name, OPPOSITE[comparison], literal)
    return condition if wanted else Not(condition)


def _junction(operands: Iterable[Condition], *, every: bool) -> Condition:
    """And (`every`) or Or of folded operands."""
    kind = And if every else Or
    kept: dict[Condition, None] = {}
    for operand in operands:
        parts = operand.operands if isinstance(operand, And | Or) and isinstance(operand, kind) else (operand,)
        for part in parts:
            if isinstance(part, Constant):
                if part.value is not every:
                    return part
            elif _opposite_atom(part) in kept:
                return Constant(not every)
            else:
                kept[part] = None
    if not kept:
        return Constant(every)
    return next(iter(kept)) if len(kept) == 1 else kind(tuple(kept))


def _opposite_atom(condition: Condition) -> Condition | None:
    return None if isinstance(condition, And | Or) else negated(condition)
