"""Audit rules: files for the audit daemon alone, in a directory that the package audit has the same way."""

from __future__ import annotations

import pytest

from generator.librpm import Librpm
from generator.reading import PackageReading, Reading
from generator.targets import load
from tests.components.installed import installed
from tests.definition.folders import SMALLEST, problems, rendered, spec
from tests.proof.packages import PACKAGES, defined

TARGETS = [load(name) for name in ("sle12", "sle15", "tumbleweed")]
DIRECTORY = "%dir %attr(750,root,root) /etc/audit/rules.d"
FILES = {"sample-audit.rules": "-w /usr/bin/sample -p x -k sample\n", "other.rules": "-w /etc/other -p wa\n"}
ONE = "audit-rules: {sample.rules: {file: sample-audit.rules, source: 140, because: bsc#1}}\n"


def told(package: PackageReading) -> list[str]:
    return [line for line in package.files if "audit" in line]


def read(librpm: Librpm, text: str) -> list[Reading]:
    """The readings on old and new targets in every state of the features."""
    sources = rendered(text, FILES)
    states = [dict(zip(sources.features, (a, b), strict=False)) for a in (True, False) for b in (True, False)]
    found = list(librpm.read(sources, TARGETS, states if sources.features else [{}]).readings)
    assert found
    for reading in found:
        assert (reading.error, reading.log) == ("", ()), sources.spec.text
    return found


def test_the_file_and_the_directory_are_kept_from_other_users(librpm: Librpm) -> None:
    for reading in read(librpm, SMALLEST + ONE):
        (package,) = reading.packages
        assert package.files == (DIRECTORY, "%config /etc/audit/rules.d/sample.rules")
        assert [one.text for one in reading.build_requires] == ["audit"]  # whose directory it is
        assert (140, "sample-audit.rules") in {(source.number, source.name) for source in reading.sources}
        assert not package.scriptlets
        made = installed(reading, rendered(SMALLEST + ONE, FILES))
        assert made["/etc/audit/rules.d/sample.rules"] == (FILES["sample-audit.rules"].encode(), 0o640)


def test_the_reason_stands_over_the_source() -> None:
    assert "# bsc#1\nSource140:      sample-audit.rules\n" in spec(SMALLEST + ONE, FILES)


def test_the_key_is_the_source_where_no_file_is_named() -> None:
    text = spec(SMALLEST + "audit-rules: {other.rules: {}}\n", FILES)
    directory = "%{_sysconfdir}/audit/rules.d"
    assert f"install -D -m0640 %{{SOURCE1000}} %{{buildroot}}{directory}/other.rules\n" in text
    assert f"%files\n%dir %attr(750,root,root) {directory}\n%config {directory}/other.rules\n" in text


@pytest.mark.parametrize("other", ["always", "not with own", "with sub"])
@pytest.mark.parametrize("one", ["always", "with own"])
def test_a_package_has_the_directory_once_where_it_has_a_file(librpm: Librpm, one: str, other: str) -> None:
    """rpmbuild warns of a path that is listed twice."""
    text = SMALLEST + (
        "features: {own: always, sub: always}\naudit-rules:\n"
        f"  sample.rules: {{file: sample-audit.rules, when: {one}}}\n  other.rules: {{when: {other}}}\n"
    )
    for reading in read(librpm, text):
        own, sub = reading.features["own"], reading.features["sub"]
        holds = {"always": True, "with own": own, "not with own": not own, "with sub": sub}
        expected = {name for name, when in (("sample", one), ("other", other)) if holds[when]}
        lines = told(reading.packages[0])
        assert lines.count(DIRECTORY) == bool(expected)
        assert set(lines) - {DIRECTORY} == {f"%config /etc/audit/rules.d/{name}.rules" for name in expected}


def test_what_stands_in_both_branches_stands_before_them() -> None:
    rules = "sample.rules: {file: sample-audit.rules, when: with own}, other.rules: {when: not with own}"
    text = spec(SMALLEST + f"features: {{own: always}}\naudit-rules: {{{rules}}}\n", FILES)
    directory = "%{_sysconfdir}/audit/rules.d"
    assert f"%dir %attr(750,root,root) {directory}\n%if %{{with own}}\n%config {directory}/sample" in text


def test_each_package_with_rules_has_the_directory(librpm: Librpm) -> None:
    text = SMALLEST + (
        "packages: {sub: {summary: a, description: b}}\n"
        "audit-rules: {sample.rules: {file: sample-audit.rules}, other.rules: {package: sub}}\n"
    )
    for reading in read(librpm, text):
        for package, name in zip(reading.packages, ("sample", "other"), strict=True):
            assert told(package) == [DIRECTORY, f"%config /etc/audit/rules.d/{name}.rules"]


@pytest.mark.parametrize("name", PACKAGES)
def test_both_flavours_have_the_rules_under_one_name(librpm: Librpm, name: str) -> None:
    for reading in librpm.read(defined(name).sources(), TARGETS).readings:
        assert told(reading.packages[0]) == [DIRECTORY, "%config /etc/audit/rules.d/docker.rules"]
        assert "audit" in {one.text for one in reading.build_requires}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("sample: {file: sample-audit.rules}", "the name of a rules file, NAME.rules"),
        ("a/sample.rules: {file: sample-audit.rules}", "the name of a rules file, NAME.rules"),
        ("sample.rules: {file: a/b.rules}", "the name of a file without a directory"),
        ("sample.rules: {}", "the source sample.rules is nowhere"),
        ("other.rules: {source: x}", "a whole number"),
        ("other.rules: {mode: 0644}", "audit-rules.other.rules has no key 'mode'"),
        ("other.rules: {package: sub}", "there is no package 'sub'"),
        ("other.rules: {when: with own}", "unknown feature 'own'"),
    ],
)
def test_errors(entry: str, said: str) -> None:
    ((line, message),) = problems(f"{SMALLEST}audit-rules:\n  {entry}\n", FILES)
    assert line == 10
    assert said in message
