"""The parser meets any text with a condition or a typed error; describing a condition is its inverse."""

from __future__ import annotations

from pathlib import PurePosixPath

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
    String,
    describe,
    folded,
    parse,
)
from generator.errors import InputError
from generator.origin import Origin, Text
from tests.condition.strategies import conditions_with_options

PLACE = Origin(PurePosixPath("package.yaml"), 7)
NAMED: dict[str, Condition] = {"sles": Macro("is_opensuse", "==", 0), "sle-16": Macro("suse_version", ">=", 1600)}
LANGUAGE = "and or not with defined option arch ( ) == != >= = && always sles suse_version x 1500 x-y"
words = st.sampled_from([*LANGUAGE.split(" "), *['"', "%{x}", "-", "!", "99999999999", "²"], '"a b"', "\n"])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("is_opensuse", Macro("is_opensuse")),
        ("sle_version>=150000", Macro("sle_version", ">=", 150000)),
        ('name != "a b"', String("name", "!=", "a b")),
        ("defined _fillupdir", Defined("_fillupdir")),
        ("with buildx", Feature("buildx")),
        ("option buildx-secrets == engine", Option("buildx-secrets", "engine")),
        ('option x != "two words"', Not(Option("x", "two words"))),
        ("arch x86_64 aarch64 and sles", And((Architecture(("x86_64", "aarch64")), NAMED["sles"]))),
        ("sle-16", NAMED["sle-16"]),
        ("never", Constant(False)),
        ("not with a or with b", Or((Not(Feature("a")), Feature("b")))),
        ("a and b or c and d", Or((And((Macro("a"), Macro("b"))), And((Macro("c"), Macro("d")))))),
        ("a and (b or c)", And((Macro("a"), Or((Macro("b"), Macro("c")))))),
        ("  not not\n a ", Not(Not(Macro("a")))),
    ],
)
def test_reads(text: str, wanted: Condition) -> None:
    assert parse(text, NAMED) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a condition"),
        ("   ", "expected a condition"),
        ("sle_version >=", "expected a whole number after '>='"),
        ("sle_version ==", "expected a whole number or a quoted string after '=='"),
        ('sle_version >= "a"', "expected a whole number after '>=', not '\"a\"'"),
        ("sle_version = 1", 'write "==" for "="'),
        ("a && b", 'write "and" for "&&"'),
        ("! a", 'write "not" for "!"'),
        ("(a", 'expected "and", "or" or ")" after \'a\''),
        ("a b", "expected \"and\", \"or\" or the end after 'a', not 'b'"),
        ("with", "expected a feature after 'with'"),
        ("with bildx", "unknown feature 'bildx' (did you mean 'buildx'?)"),
        ("with zzz", "unknown feature 'zzz'"),
        ("option x", 'expected "==" or "!=" after \'x\''),
        ("option x == ", "expected one of the option's choices after '=='"),
        ("arch", "expected an architecture after 'arch'"),
        ("a > 99999999999", "99999999999 is more than rpm can compare (2147483647)"),
        ("x > ²", 'cannot read "²"'),
        ('name == "100%"', "'100%' cannot stand in a %if"),
        ('name == "a', 'cannot read ""a"'),
        ("x-y", "expected a condition, not 'x-y'"),
        ("(" * 60, "nested too deeply"),
        ("not " * 5000 + "a", "nested too deeply"),
        (" and ".join(["a"] * 500), "compares more than 400 things"),
    ],
)
def test_says_what_was_expected_and_where(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, NAMED, {"buildx", "suseconnect"}, PLACE)
    assert message in str(caught.value)
    assert str(caught.value).startswith("package.yaml:7: condition ")
    assert caught.value.problems[0].origin == PLACE


def test_the_origin_of_the_text_is_used() -> None:
    with pytest.raises(InputError, match=r"^package\.yaml:7: "):
        parse(Text("a b", PLACE))


def test_known_macros_catch_a_slip() -> None:
    with pytest.raises(InputError, match=r"unknown macro or condition 'is_opensue'.*'is_opensuse'"):
        parse("is_opensue", NAMED, macros=["is_opensuse", "suse_version"])
    assert parse("is_opensuse", NAMED, macros=["is_opensuse"]) == Macro("is_opensuse")


@pytest.mark.parametrize(
    ("step", "message"),
    [("c{0} and c{0} or not c{0}", "compares more than"), ("not c{0}", "nested too deeply")],
)
def test_named_conditions_cannot_blow_up(step: str, message: str) -> None:
    def grow() -> None:
        named: dict[str, Condition] = {"c0": Macro("aaa")}
        for number in range(200):
            named[f"c{number + 1}"] = parse(step.format(number), named)

    with pytest.raises(InputError, match=message):
        grow()


@given(st.one_of(st.text(max_size=60), st.lists(words, max_size=14).map(" ".join), st.lists(words).map("".join)))
def test_any_text_is_a_condition_or_a_typed_error(text: str) -> None:
    try:
        condition = parse(text, NAMED, {"x", "buildx"}, PLACE)
    except InputError:
        return
    assert parse(describe(condition)) == condition


@given(conditions_with_options)
def test_describing_is_the_inverse(condition: Condition) -> None:
    assert parse(describe(condition)) == condition
    assert parse(describe(folded(condition))) == folded(condition)
