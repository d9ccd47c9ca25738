"""What is written into a spec means to the real librpm what `evaluate` says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.condition import Condition, Constant, Situation, evaluate, negated, opening, parse, render
from generator.errors import InputError
from tests.condition.strategies import FEATURES, Judge, conditions, situations

# suse_version, sle_version, is_opensuse of the targets; empty is undefined
TARGETS = {
    "sle12": ("1315", "120000", ""),
    "sle12sp5": ("1315", "120500", ""),
    "sle15": ("1500", "150000", ""),
    "sle15sp6": ("1500", "150600", ""),
    "sle15sp7": ("1500", "150700", ""),
    "leap15.6": ("1500", "150600", "1"),
    "slfo1.2": ("1600", "", ""),
    "slfo-main": ("1610", "", ""),
    "leap16.0": ("1600", "", "1"),
    "tumbleweed": ("1699", "", "1"),
}


def situation(target: str, *, on: bool) -> Situation:
    values = zip(("suse_version", "sle_version", "is_opensuse"), TARGETS[target], strict=True)
    macros = {"name": "docker", "version": "27.4.1_ce"} | {name: value for name, value in values if value}
    return Situation(macros, dict.fromkeys(FEATURES, on))


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge() as judge:
        yield judge


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("is_opensuse", "%if 0%{?is_opensuse}"),
        ("not is_opensuse", "%if 0%{?is_opensuse} == 0"),
        ("sle_version >= 150000", "%if 0%{?sle_version} >= 150000"),
        ("not sle_version >= 150000", "%if 0%{?sle_version} < 150000"),
        ('flavour == "docker-stable"', '%if "%{?flavour}" == "docker-stable"'),
        ('name == "docker-stable"', '%if "%{name}" == "docker-stable"'),
        ('not name == "docker"', '%if "%{name}" != "docker"'),
        ("defined _fillupdir", "%if %{defined _fillupdir}"),
        ("not defined _fillupdir", "%if %{undefined _fillupdir}"),
        ("with buildx", "%if %{with buildx}"),
        ("not with buildx", "%if %{without buildx}"),
        ("arch x86_64 aarch64", "%ifarch x86_64 aarch64"),
        ("not arch s390x", "%ifnarch s390x"),
        ("arch s390x and with x", '%if "%{_target_cpu}" == "s390x" && %{with x}'),
        (
            "arch s390x ppc64 and with x",
            '%if ("%{_target_cpu}" == "s390x" || "%{_target_cpu}" == "ppc64") && %{with x}',
        ),
        ("not arch a b or with x", '%if ("%{_target_cpu}" != "a" && "%{_target_cpu}" != "b") || %{with x}'),
        ("with a and with b or with c", "%if (%{with a} && %{with b}) || %{with c}"),
        ("with a and (with b or with c)", "%if %{with a} && (%{with b} || %{with c})"),
        ("not (with a or is_opensuse)", "%if %{without a} && 0%{?is_opensuse} == 0"),
        ("always", "%if 1"),
        ("with a and not with a", "%if 0"),
    ],
)
def test_reads_as_a_packager_writes(text: str, wanted: str) -> None:
    assert opening(parse(text)) == wanted


def test_an_option_never_reaches_the_spec() -> None:
    for text in ("option secrets == cli", "with x and not option secrets == cli"):
        with pytest.raises(InputError, match="option secrets is not decided"):
            render(parse(text))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(conditions, min_size=15, max_size=40))
def test_librpm_agrees_on_every_target(judge: Judge, asked: list[Condition]) -> None:
    openings = [opening(condition) for condition in asked]
    for target in TARGETS:
        for on in (False, True):
            at = situation(target, on=on)
            said = judge(openings, at)
            assert said == [evaluate(condition, at) for condition in asked], (target, on)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(conditions, min_size=5, max_size=30), situations)
def test_librpm_agrees_in_any_situation_also_on_the_opposite(
    judge: Judge, asked: list[Condition], at: Situation
) -> None:
    both = [*asked, *map(negated, asked)]
    truth = [evaluate(condition, at) for condition in asked]
    assert judge([opening(condition) for condition in both], at) == [*truth, *(not value for value in truth)]


def test_the_judge_can_say_no(judge: Judge) -> None:
    at = situation("sle15", on=False)
    assert judge(["%if 0%{?sle_version}", "%if 0%{?is_opensuse}"], at) == [True, False]
    assert judge([opening(Constant(False)), opening(Constant(True))], at) == [False, True]
