import pytest

from tests.check.rules.conftest import Findings
from tests.check.rules.spec import line, spec

RULES = (
    "header-copyright",
    "header-licence",
    "header-vendor",
    "release-not-zero",
    "changelog-section",
    "licence-invalid",
)


@pytest.mark.parametrize("rule", RULES)
def test_a_good_spec(findings: Findings, rule: str) -> None:
    assert findings(rule, spec()) == []


def test_no_copyright(findings: Findings) -> None:
    (found,) = findings("header-copyright", spec().replace("# Copyright", "# Rights"))
    assert found.message == "demo.spec does not appear to contain a Copyright comment"


def test_no_licence_block(findings: Findings) -> None:
    (found,) = findings("header-licence", spec().replace("license", "permission").replace("License.", "One."))
    assert found.line == 1


def test_a_vendor(findings: Findings) -> None:
    text = spec("Vendor: me\n")
    (found,) = findings("header-vendor", text)
    assert (found.line, found.message) == (line(text, "Vendor"), "demo.spec contains a Vendor line, this is forbidden")


def test_a_release(findings: Findings) -> None:
    text = spec().replace("Release:        0", "Release:        1%{?dist}")
    (found,) = findings("release-not-zero", text)
    assert (found.line, found.message) == (line(text, "Release:"), "Release is 1%{?dist}")


def test_a_release_that_may_be_counted(findings: Findings) -> None:
    assert findings("release-not-zero", spec().replace("Release:        0", "Release: 0%{?extra}")) == []


def test_the_changelog_section(findings: Findings) -> None:
    (missing,) = findings("changelog-section", spec().replace("%changelog\n", ""))
    assert missing.message == "demo.spec does not contain a %changelog line"
    text = spec() + "\n* Sat Feb 17 2024 a <b@c.d>\n- x\n"
    (filled,) = findings("changelog-section", text)
    assert (filled.line, filled.severity) == (line(text, "* Sat"), "warning")
    middle = spec().replace("%changelog\n", "%changelog\n\n%files\n")
    assert [one.line for one in findings("changelog-section", middle)] == [line(middle, "%files")]


@pytest.mark.parametrize(
    "licence",
    [
        "MIT",
        "Apache-2.0 AND MIT",
        "GPL-2.0-or-later AND (MIT OR BSD-3-Clause)",
        "GPL-2.0+",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "SUSE-Permissive AND MIT",
        "LicenseRef-SUSE-Other",
        "NonFree",
        "SUSE-LGPL-2.1+-with-GCC-exception",
    ],
)
def test_licences(findings: Findings, licence: str) -> None:
    assert findings("licence-invalid", spec().replace("License:        MIT", f"License: {licence}")) == []


@pytest.mark.parametrize(
    "licence", ["GPL v2 or later", "MIT AND", "(MIT", "Apache 2", "MIT; ISC", "MIT AND MIT AND Foo"]
)
def test_what_is_no_licence(findings: Findings, licence: str) -> None:
    text = spec().replace("License:        MIT", f"License: {licence}")
    (found,) = findings("licence-invalid", text)
    assert found.line == line(text, "License: ")
    assert not found.targets


def test_the_licence_of_a_subpackage(findings: Findings) -> None:
    sub = "%package sub\nSummary: S\nLicense: %{?is_opensuse:Foo}%{!?is_opensuse:MIT}\n%description sub\nS\n"
    text = spec("", sub)
    (found,) = findings("licence-invalid", text)
    assert (found.line, found.targets) == (line(text, "is_opensuse:Foo"), {"tumbleweed"})
