"""Evaluation, folding and negation agree with each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.condition import (
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
    atoms,
    evaluate,
    fix,
    folded,
    names,
    negated,
    parse,
)
from generator.errors import InputError
from tests.condition.strategies import conditions, conditions_with_options, situations

choices = st.fixed_dictionaries(
    {name: st.sampled_from(["spec", "cli", "with", "none of them"]) for name in ("secrets", "data-root")}
)


@given(conditions, situations)
def test_folding_keeps_the_truth(condition: Condition, at: Situation) -> None:
    assert evaluate(folded(condition), at) is evaluate(condition, at)


@given(conditions, situations)
def test_negation_turns_it(condition: Condition, at: Situation) -> None:
    assert evaluate(negated(condition), at) is not evaluate(condition, at)


@given(conditions_with_options)
def test_folding_is_canonical(condition: Condition) -> None:
    once = folded(condition)
    assert folded(once) == once
    assert negated(negated(condition)) == once
    assert hash(once) == hash(folded(Not(Not(condition))))
    assert_canonical(once, top=True)


def assert_canonical(condition: Condition, *, top: bool = False) -> None:
    match condition:
        case Not(operand):
            assert isinstance(operand, Defined | Feature | Architecture | Option)
        case And(operands) | Or(operands):
            assert len(operands) > 1
            assert len(set(operands)) == len(operands)
            assert not any(type(operand) is type(condition) for operand in operands)
            for operand in operands:
                assert_canonical(operand)
        case Constant():
            assert top


@given(conditions_with_options, choices, situations)
def test_fixing_decides_every_option(condition: Condition, options: dict[str, str], at: Situation) -> None:
    fixed = fix(condition, options)
    assert not names(fixed).options
    assert evaluate(fixed, at) is evaluate(decided(condition, options), at)


def decided(condition: Condition, options: dict[str, str]) -> Condition:
    match condition:
        case Option(name, value):
            return Constant(options[name] == value)
        case Not(operand):
            return Not(decided(operand, options))
        case And(operands):
            return And(tuple(decided(operand, options) for operand in operands))
        case Or(operands):
            return Or(tuple(decided(operand, options) for operand in operands))
    return condition


@given(conditions_with_options)
def test_names_are_those_of_the_atoms(condition: Condition) -> None:
    found = names(condition)
    for atom in atoms(condition):
        match atom:
            case Feature(name):
                assert name in found.features
            case Option(name):
                assert name in found.options
            case Architecture(names=wanted):
                assert found.architectures.issuperset(wanted)
            case Constant():
                pass
            case _:
                assert getattr(atom, "name") in found.macros  # noqa: B009 - one line for three kinds of macro atom


@pytest.mark.parametrize("value", ["15.6", "abc", "-1", "%{other}", "1 2", "١", str(2**31), "9" * 30])
def test_a_value_that_is_no_number_is_named(value: str) -> None:
    with pytest.raises(InputError, match="macro sle_version is ") as caught:
        evaluate(Macro("sle_version", ">=", 150000), Situation({"sle_version": value}, {}))
    assert value in str(caught.value)


@pytest.mark.parametrize("value", ["%{real}_ce", 'a"b', "a\nb"])
def test_a_value_that_no_string_can_hold_is_named(value: str) -> None:
    with pytest.raises(InputError, match="macro flavour is "):
        evaluate(parse('flavour == "x"'), Situation({"flavour": value}, {}))


def test_an_undecided_option_has_no_value() -> None:
    with pytest.raises(InputError, match="option secrets is not decided"):
        evaluate(Option("secrets", "cli"), Situation({}, {}))
    with pytest.raises(InputError, match="option secrets is not decided"):
        fix(Option("secrets", "cli"), {"other": "x"})
