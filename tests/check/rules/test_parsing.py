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
    text = spec("%if 1\nPreReq: foo\n%endif\n")
    (found,) = findings("librpm-log", text)
    assert (found.line, found.severity) == (line(text, "PreReq"), "warning")
    assert found.message == "prereq is deprecated: PreReq: foo"


def test_what_a_command_of_the_spec_prints_is_a_note(findings: Findings) -> None:
    text = spec("%define x %(echo surprise >&2)\n%x\n")
    found = [one for one in findings("librpm-log", text) if "surprise" in one.message]
    assert [one.severity for one in found] == ["note"]


def test_a_false_date_in_the_changelog(findings: Findings) -> None:
    text = spec() + "* Wed Feb 17 2024 Somebody <a@b.c>\n- x\n"
    (found,) = findings("librpm-log", text)
    assert found.line == line(text, "Feb 17")


def test_the_cause_of_an_error_is_told_with_it(findings: Findings) -> None:
    text = spec("%if 0%{?suse_version} >\nRequires: foo\n%endif\n")
    (found,) = findings("parse-error", text)
    assert found.message == "bad %if condition: %if 0%{?suse_version} >; unexpected end of expression"
    assert findings("librpm-log", text) == []


def test_bare_words_are_for_old_targets_only(findings: Findings) -> None:
    text = spec("%if demo == demo\nRequires: foo\n%endif\n")
    found = {frozenset(one.targets): one.severity for one in findings("parse-error", text)}
    assert found == {frozenset({"sle12", "sle15"}): "warning", frozenset({"tumbleweed"}): "error"}


def test_an_error_in_an_included_file(findings: Findings) -> None:
    files = {"demo.spec": spec("Source1: more.inc\n%include %{SOURCE1}\n"), "more.inc": "# one\n%if 1 >\n%endif\n"}
    (found,) = findings("parse-error", files)
    assert (found.file, found.line) == ("more.inc", 2)


def test_a_message_that_quotes_an_expanded_line_is_one(findings: Findings) -> None:
    text = spec("PreReq: %{?is_opensuse:open}%{!?is_opensuse:enterprise}\n")
    (found,) = findings("librpm-log", text)
    assert found.message == "prereq is deprecated: PreReq: %{?is_opensuse:open}%{!?is_opensuse:enterprise}"


def test_what_a_command_says_because_of_the_sandbox_is_a_note(findings: Findings) -> None:
    text = spec("%define x %(echo 'error: cannot open Packages database in ~/.rpmdb' >&2)\nRequires: a%{?x}\n")
    assert {one.severity for one in findings("librpm-log", text)} == {"note"}


def test_an_unknown_macro_is_told_as_the_cause(findings: Findings) -> None:
    (found,) = findings("parse-error", spec("%made_up_source github\n"))
    assert found.hint == "nobody knows %made_up_source; --macros FILE adds macros"
    (other,) = findings("parse-error", spec("Requires: foo >=\n"))
    assert other.hint.startswith("mend the line")
