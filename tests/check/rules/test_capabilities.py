import pytest

from tests.check.rules.conftest import Findings
from tests.check.rules.spec import line, spec


def test_a_rich_dependency_and_an_old_rpm(findings: Findings) -> None:
    text = spec("Requires: (apparmor-parser or container-selinux)\nRequires: plain\n")
    (found,) = findings("dependency-unreadable", text, targets=("sle12",))
    assert (found.line, found.targets, found.severity) == (line(text, "(apparmor"), {"sle12"}, "error")
    guarded = "%if 0%{?sle_version} >= 150000\nRequires: (a or b)\n%else\nRequires: a\n%endif\n"
    assert findings("dependency-unreadable", spec(guarded)) == []


def test_build_requirements_and_operators(findings: Findings) -> None:
    text = spec("BuildRequires: (a with b)\nRecommends: (c if d)\n")
    found = findings("dependency-unreadable", text)
    assert [(one.line, one.targets) for one in found] == [
        (line(text, "(a with b)"), {"sle12"}),
        (line(text, "(c if d)"), {"sle12"}),
    ]


def test_a_caret_in_a_version(findings: Findings) -> None:
    (found,) = findings("dependency-unreadable", spec("Requires: foo >= 1.2^git3\n"))
    assert found.targets == {"sle12", "sle15"}


@pytest.mark.parametrize(
    ("tags", "sections", "needle", "targets"),
    [
        ("%if 0\n%elif 1\nRequires: a\n%endif\n", "", "%elif", {"sle12", "sle15"}),
        ("%define x %{expr:1+1}\n", "", "%{expr:", {"sle12", "sle15"}),
        ("%define x %[1+1]\n", "", "%[1+1]", {"sle12", "sle15"}),
        ("%bcond tests 1\n", "", "%bcond", {"sle12", "sle15"}),
        ("Patch: a.patch\nPatch: b.patch\n", "", "b.patch", {"sle12", "sle15"}),
        ("", "%patchlist\na.patch\n", "%patchlist", {"sle12", "sle15"}),
        ("", "%generate_buildrequires\ntrue\n", "%generate_build", {"sle12", "sle15"}),
        ("", "%filetriggerin -- /usr/lib\ntrue\n", "%filetriggerin", {"sle12"}),
        ("", "%prep\n%autopatch -m 1 -p1\n", "%autopatch", {"sle12", "sle15"}),
    ],
)
def test_words_that_an_old_rpm_does_not_know(
    findings: Findings, tags: str, sections: str, needle: str, targets: set[str]
) -> None:
    text = spec(tags, sections)
    (found,) = findings("syntax-unreadable", text, targets=("sle12",))
    assert (found.line, found.targets, found.severity) == (line(text, needle), targets, "error")


def test_a_branch_that_an_old_target_does_not_take(findings: Findings) -> None:
    guarded = "%if 0%{?suse_version} >= 1600\n%bcond tests 1\n%else\n%bcond_without tests\n%endif\n"
    assert findings("syntax-unreadable", spec(guarded)) == []
    assert findings("syntax-unreadable", spec("# %elif\nPatch1: a\nPatch2: b\n")) == []


def test_a_branch_that_cannot_be_told(findings: Findings) -> None:
    top = "%define mine %(echo 1)\n"
    (found,) = findings("syntax-unreadable", spec("%if %{mine}\n%bcond tests 1\n%endif\n", top=top))
    assert found.severity == "warning"


def test_nobody_said_that_the_package_is_for_old_targets(findings: Findings) -> None:
    for rule, tag in (("dependency-unreadable", "Requires: (a or b)\n"), ("syntax-unreadable", "%bcond tests 1\n")):
        (found,) = findings(rule, spec(tag))
        assert found.severity == "warning"
        assert ".specgen.yaml" in found.hint


def test_what_a_macro_of_the_target_brings(findings: Findings) -> None:
    text = spec("%kmp_requires\n", top="%define kmp_requires() Requires: (kernel and demo)\n")
    assert findings("dependency-unreadable", text) == []


def test_one_finding_for_many_lines(findings: Findings) -> None:
    (found,) = findings("syntax-unreadable", spec("Patch: a\nPatch: b\nPatch: c\nPatch: d\n"))
    assert "(on 2 more lines)" in found.message
