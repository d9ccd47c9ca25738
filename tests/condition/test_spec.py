"""What is written into a spec means to the real librpm what `evaluate` says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from generator import targets
from generator.condition import Condition, Constant, Situation, evaluate, negated, opening, parse, render
from generator.errors import InputError
from generator.librpm import Librpm
from generator.targets import Target
from tests.condition.strategies import FEATURES, conditions, situations

PACKAGE = {"name": "docker", "version": "27.4.1_ce"}
NOTHING = Target("nothing", "", "4.18", {}, "", frozenset())


def with_values(target: Target, values: dict[str, str], architecture: str = "x86_64") -> Target:
    """The target with more plain macros."""
    definitions = "".join(f"%{name} {value or '%{nil}'}\n" for name, value in values.items())
    return replace(
        target,
        macros={**target.macros, **values},
        definitions=target.definitions + definitions,
        architecture=architecture,
    )


class Judge:
    """The real librpm: says which `%if` lines hold."""

    def __init__(self, librpm: Librpm) -> None:
        self.librpm = librpm

    def __call__(self, openings: Sequence[str], target: Target, features: dict[str, bool]) -> list[bool | str]:
        return self.librpm.evaluate(target, features, openings, own=True)

    def at(self, openings: Sequence[str], situation: Situation) -> list[bool | str]:
        target = with_values(NOTHING, dict(situation.macros), situation.architecture)
        return self(openings, target, dict(situation.features))


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Librpm() as librpm:
        yield Judge(librpm)


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


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(conditions, min_size=30, max_size=80))
def test_librpm_agrees_on_every_target(judge: Judge, asked: list[Condition]) -> None:
    openings = [opening(condition) for condition in asked]
    for target in map(targets.load, targets.names()):
        for on in (False, True):
            here, features = with_values(target, PACKAGE), dict.fromkeys(FEATURES, on)
            said = judge(openings, here, features)
            situation = Situation(here.macros, features, here.architecture)
            assert said == [evaluate(condition, situation) for condition in asked], (target.name, on)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(conditions, min_size=5, max_size=30), situations)
def test_librpm_agrees_in_any_situation_also_on_the_opposite(
    judge: Judge, asked: list[Condition], at: Situation
) -> None:
    both = [*asked, *map(negated, asked)]
    truth = [evaluate(condition, at) for condition in asked]
    assert judge.at([opening(condition) for condition in both], at) == [*truth, *(not value for value in truth)]


def test_the_judge_can_say_no(judge: Judge) -> None:
    sle15 = targets.load("sle15")
    assert judge(["%if 0%{?sle_version}", "%if 0%{?is_opensuse}"], sle15, {}) == [True, False]
    assert judge([opening(Constant(False)), opening(Constant(True))], sle15, {}) == [False, True]
    assert judge(["%if %{with x}", "%ifarch s390x", "%ifarch x86_64"], sle15, {"x": True}) == [True, False, True]
