import pytest

from tests.check.rules.conftest import Findings
from tests.check.rules.spec import spec

DASHES = "-" * 67
NEW = f"{DASHES}\nFri Jan 31 10:00:00 UTC 2025 - A Packager <a@example.org>\n\n- Add demo.patch (bsc#1233819)\n\n"
OLD = f"{DASHES}\nWed Feb 17 10:00:00 UTC 2024 - nobody\n\n- Fix bsc 123456\n\n"
RULES = (
    "changes-empty",
    "changes-separator",
    "changes-date",
    "changes-author",
    "changes-reference",
    "changes-cve-without-bug",
)


def directory(changes: str) -> dict[str, str]:
    return {"demo.spec": spec(), "demo.changes": changes}


@pytest.mark.parametrize("rule", RULES)
def test_a_good_entry_above_a_bad_old_one(findings: Findings, rule: str) -> None:
    assert findings(rule, directory(NEW + OLD)) == []


def only(findings: Findings, rule: str, changes: str) -> tuple[int, str]:
    (found,) = findings(rule, directory(changes))
    assert found.file == "demo.changes"
    return found.line, found.message


def test_no_entry(findings: Findings) -> None:
    assert only(findings, "changes-empty", "") == (1, "demo.changes has no entry")
    nothing = NEW.replace("- Add demo.patch (bsc#1233819)\n", "")
    assert only(findings, "changes-empty", nothing + OLD) == (2, "the entry says nothing")


def test_a_short_separator(findings: Findings) -> None:
    assert only(findings, "changes-separator", NEW[1:]) == (1, "the separator has 66 dashes, not 67")


def test_a_false_weekday(findings: Findings) -> None:
    line, message = only(findings, "changes-date", NEW.replace("Fri", "Mon"))
    assert (line, message) == (2, "Mon is a false weekday: 2025-01-31 is a Fri")


def test_a_date_that_is_none(findings: Findings) -> None:
    line, message = only(findings, "changes-date", NEW.replace("Jan 31", "Foo 31"))
    assert line == 2
    assert message.startswith("INVALID DATE")


def test_a_date_in_the_future(findings: Findings) -> None:
    later = NEW.replace("Fri Jan 31", "Sat Feb  1")
    assert only(findings, "changes-date", later) == (2, "2025-02-01 is in the future")


def test_an_entry_below_an_older_one(findings: Findings) -> None:
    older = NEW.replace("Fri Jan 31", "Mon Jan 27")
    assert only(findings, "changes-date", older + NEW) == (2, "this entry is older than the one below it")


def test_no_address(findings: Findings) -> None:
    line, _ = only(findings, "changes-author", NEW.replace("A Packager <a@example.org>", "A Packager"))
    assert line == 2


@pytest.mark.parametrize("wrong", ["bsc 1233819", "CVE 2024-41110", "cve-2024-41110", "CVE-2024", "bsc#", "jsc PED-12"])
def test_references_that_nobody_finds(findings: Findings, wrong: str) -> None:
    line, message = only(findings, "changes-reference", NEW.replace("bsc#1233819", wrong))
    assert line == 4
    assert wrong in message


def test_a_bug_with_a_digit_missing(findings: Findings) -> None:
    line, message = only(findings, "changes-reference", NEW.replace("1233819", "255500"))
    assert (line, message) == (4, "bsc#255500 has 6 digits; new bugs have seven")


def test_a_cve_wants_its_bug(findings: Findings) -> None:
    bullets = "- Fix CVE-2024-41110\n- Fix CVE-2024-41111 (bsc#1233819)\n"
    text = NEW.replace("- Add demo.patch (bsc#1233819)\n", bullets)
    assert only(findings, "changes-cve-without-bug", text) == (4, "CVE-2024-41110 stands without its bug")


def test_with_a_base_every_new_entry_is_looked_at(findings: Findings) -> None:
    first = NEW.replace("Fri Jan 31", "Thu Jan 30")
    bad = NEW.replace("Fri Jan 31", "Mon Jan 29")
    found = findings("changes-date", directory(first + bad + OLD), before=directory(OLD))
    assert [one.line for one in found] == [7]


def test_a_stale_file(findings: Findings) -> None:
    files = {"demo.spec": spec("", "%package tool\nSummary: T\n%description tool\nT\n"), "demo.changes": NEW}
    assert findings("changes-stale", {**files, "demo-tool.changes": NEW}) == []
    (found,) = findings("changes-stale", {**files, "demo-old.changes": NEW})
    assert (found.file, found.message) == ("demo-old.changes", "demo-old.changes not a subpackage, please remove")
