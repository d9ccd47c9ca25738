"""The run: waivers, and what every rule must have."""

from pathlib import Path, PurePosixPath

import pytest

from generator.check.rule import Hit, Rule, all_rules, rule, rule_named
from generator.check.run import check
from generator.errors import InputError
from generator.origin import Origin
from generator.sources import Waiver
from tests.check.made import reading, sources, view

PLACE = Origin(PurePosixPath("package.yaml"), 9)


def objecting(name: str = "vendor") -> Rule:
    @rule(name, "error", reason="because", source="us", example="none")
    def found(case: object) -> list[Hit]:
        return [Hit("one thing", "docker.spec", 2), Hit("another", "docker.spec", 3, frozenset({"sle15"}))]

    return found


def test_a_finding_has_what_its_rule_says() -> None:
    one, other = check(view(reading("sle12"), reading("sle15")), [objecting()])
    assert (one.rule, one.severity, one.line, one.targets) == ("vendor", "error", 2, frozenset())
    assert other.targets == {"sle15"}


@pytest.mark.parametrize(
    ("waiver", "left"),
    [
        (Waiver("vendor", "no"), []),
        (Waiver("vendor", "no", "one"), ["another"]),
        (Waiver("vendor", "no", "docker.spec"), []),
        (Waiver("vendor", "no", "nothing of it"), ["no rule is called vendor", "one thing", "another"]),
        (Waiver("other", "no"), ["no rule is called other", "one thing", "another"]),
        (Waiver("header-vendor", "no"), ["one thing", "another"]),  # that rule did not run
    ],
)
def test_waivers(waiver: Waiver, left: list[str]) -> None:
    findings = check(view(reading("sle15"), of=sources(waivers=(waiver,))), [objecting()])
    assert [finding.message for finding in findings] == left


def test_a_waiver_that_matches_nothing_is_a_note_at_its_own_line() -> None:
    waiver = Waiver("header-vendor", "no", "docker", PLACE)
    (finding,) = check(view(reading("sle15"), of=sources(waivers=(waiver,))), [rule_named("header-vendor")])
    assert (finding.rule, finding.severity, finding.file, finding.line) == ("waiver-unused", "note", "package.yaml", 9)
    assert finding.message == "the waiver of header-vendor matches nothing with 'docker'"


def test_every_rule_tells_why_it_is_and_whence_it_comes() -> None:
    for one in all_rules():
        assert one.id == one.id.lower().replace("_", "-")
        assert one.reason.endswith(".")
        assert one.source
        assert one.example
        assert one.find.__doc__


def test_every_rule_has_a_test() -> None:
    text = "".join(path.read_text() for path in Path(__file__).parents[1].rglob("test_*.py"))
    assert [one.id for one in all_rules() if f'"{one.id}"' not in text] == []


def test_a_rule_that_is_not_there() -> None:
    with pytest.raises(InputError, match=r"no rule is called 'header-vendr'.*did you mean header-vendor"):
        rule_named("header-vendr")
