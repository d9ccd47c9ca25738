from generator.sources import Expectation
from tests.check.rules.conftest import Findings
from tests.check.rules.spec import line, spec


def test_known_macros_and_other_percent_signs(findings: Findings) -> None:
    body = """\
%prep
date +%%Y-%%m-%%d
printf '%s %d\\n' "${file%suffix}"
%install
%fdupes %{buildroot}
%files
%dir %attr(0750,root,root) %{_sysconfdir}/demo
%license LICENSE
%doc README
%{?undefined_and_optional}
"""
    assert findings("macro-unknown", spec("", body), defined=True) == []


def test_prose_has_no_macros(findings: Findings) -> None:
    text = spec().replace("A demonstration.\n", "A demonstration, 100%free and %nice.\n")
    assert findings("macro-unknown", text, defined=True) == []


def test_an_unknown_macro_of_a_definition(findings: Findings) -> None:
    text = spec("", "%install\ninstall x %{_nobody_knows}/x\n")
    (found,) = findings("macro-unknown", text, defined=True)
    assert (found.line, found.message) == (line(text, "_nobody_knows"), "no target knows %_nobody_knows")


def test_one_note_tells_of_all_in_a_foreign_spec(findings: Findings) -> None:
    text = spec("", "%install\n%{first_stranger} x\n%second_stranger\n")
    (found,) = findings("macro-unknown", text)
    assert (found.severity, found.line) == ("note", line(text, "first_stranger"))
    assert found.message == "no target knows %first_stranger, %second_stranger"


def test_a_mistyped_macro_is_certain(findings: Findings) -> None:
    text = spec("", "%install\ninstall x %{_sysconfidr}/x\n")
    (found,) = findings("macro-unknown", text)
    assert (found.severity, found.line) == ("warning", line(text, "_sysconfidr"))
    assert "_sysconfdir" in found.hint


def test_a_macro_that_is_defined_on_other_targets_only(findings: Findings) -> None:
    top = "%if 0%{?suse_version} >= 1500\n%define demo_folder /usr\n%endif\n"
    text = spec("", "%install\nls %{demo_folder}\n", top=top)
    (found,) = findings("macro-unknown", text)
    assert (found.severity, found.targets) == ("warning", {"sle12"})
    assert found.line == line(text, "ls %{demo_folder}")


def test_a_macro_that_another_distribution_defines(findings: Findings) -> None:
    top = "%if 0%{?fedora}\n%define demo_folder /usr\n%endif\n"
    (found,) = findings("macro-unknown", spec("", "%install\nls %{demo_folder}\n", top=top))
    assert found.severity == "note"


def test_the_fields_of_a_query_are_no_macros(findings: Findings) -> None:
    assert findings("macro-unknown", spec("", "%install\nrpm -qa --qf %{BUILDTIME}\n"), defined=True) == []


SUB = "%package tool\nVersion: {version}\nSummary: A tool\n%description tool\nA tool %{{version}}.\n"
LATER = "%package later\nSummary: Later\nRequires: demo = %{version}\n%description later\nText.\n"


def test_the_version_of_a_subpackage(findings: Findings) -> None:
    text = spec("", SUB.format(version="0.19.3") + LATER + "%prep\necho %{version}\n")
    found = findings("version-of-subpackage", text)
    assert [one.line for one in found] == [line(text, "demo = %{version}"), line(text, "echo %{version}")]
    assert found[0].message == "%{version} is that of tool here (0.19.3)"


def test_librpm_agrees_on_the_version_of_a_subpackage(findings: Findings) -> None:
    text = spec("", SUB.format(version="0.19.3") + LATER)
    assert findings("expectation", text, expectations=(Expectation("demo-later requires demo = 0.19.3"),)) == []


def test_a_subpackage_with_the_same_version(findings: Findings) -> None:
    assert findings("version-of-subpackage", spec("", SUB.format(version="%{version}") + LATER)) == []
    assert findings("version-of-subpackage", spec("", LATER)) == []
