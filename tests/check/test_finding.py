from pathlib import PurePosixPath

from generator.check.finding import Finding, merged
from generator.origin import Origin

ALL = frozenset({"sle12", "sle15", "tumbleweed"})


def finding(**fields: object) -> Finding:
    given = {"rule": "r", "severity": "error", "message": "m", "file": "docker.spec", "line": 3, **fields}
    return Finding(**given)  # type: ignore[arg-type]


def test_equal_findings_on_several_targets_become_one() -> None:
    found = merged([finding(targets=frozenset({"sle12"})), finding(targets=frozenset({"sle15"}))], ALL)
    assert [one.targets for one in found] == [frozenset({"sle12", "sle15"})]


def test_a_finding_on_every_target_names_none() -> None:
    found = merged([finding(targets=frozenset({name})) for name in ALL], ALL)
    assert [one.targets for one in found] == [frozenset()]
    assert merged([finding()], ALL)[0].targets == frozenset()


def test_different_messages_stay_apart_and_are_in_the_order_of_lines() -> None:
    found = merged([finding(line=9), finding(message="other"), finding(line=3, severity="note")], ALL)
    assert [(one.line, one.severity, one.message) for one in found] == [
        (3, "error", "other"),
        (3, "note", "m"),
        (9, "error", "m"),
    ]


def test_a_person_goes_to_the_origin() -> None:
    assert finding().place == "docker.spec:3"
    assert finding(origin=Origin(PurePosixPath("package.yaml"), 7)).place == "package.yaml:7"
