from tests.check.rules.conftest import Findings
from tests.check.rules.spec import line, spec


def test_a_good_spec_parses_and_logs_nothing(findings: Findings) -> None:
    assert findings("parse-error", spec()) == []
    assert findings("librpm-log", spec()) == []


def test_an_error_has_its_line(findings: Findings) -> None:
    text = spec("Requires: foo >=\n")
    (found,) = findings("parse-error", text)
    assert (found.file, found.line) == ("demo.spec", line(text, "foo >="))
    assert not found.targets  # all of them
    assert "line" not in found.message
    assert "demo.spec" not in found.message


def test_a_bad_condition_has_its_line(findings: Findings) -> None:
    text = spec("%if 0%{?suse_version} >\nRequires: foo\n%endif\n")
    (found,) = findings("parse-error", text)
    assert found.line == line(text, "%if ")


def test_an_error_on_some_targets_names_them(findings: Findings) -> None:
    text = spec("%if 0%{?suse_version} >= 1600\nRequires: foo >=\n%endif\n")
    (found,) = findings("parse-error", text)
    assert found.targets == {"tumbleweed"}


def test_an_error_without_a_line_still_has_one(findings: Findings) -> None:
    text = spec("Source1: a\nSource1: b\n")
    (found,) = findings("parse-error", text)
    assert found.line >= 1


def test_what_librpm_logs_is_a_finding_with_its_line(findings: Findings) -> None:
    text = spec("%if 1\nRequires: foo\n%endif # 1\n")
    (found,) = findings("librpm-log", text)
    assert (found.line, found.severity) == (line(text, "%endif"), "warning")
    assert "extra tokens" in found.message


def test_what_a_command_of_the_spec_prints_is_a_note(findings: Findings) -> None:
    text = spec("%define x %(echo surprise >&2)\n%x\n")
    found = [one for one in findings("librpm-log", text) if "surprise" in one.message]
    assert [one.severity for one in found] == ["note"]


def test_a_false_date_in_the_changelog(findings: Findings) -> None:
    text = spec() + "* Wed Feb 17 2024 Somebody <a@b.c>\n- x\n"
    (found,) = findings("librpm-log", text)
    assert found.line == line(text, "Feb 17")
