import pytest

from generator.condition import parse
from generator.sources import Expectation, Mention
from tests.check.rules.conftest import Findings
from tests.check.rules.spec import spec

TAGS = """\
Source0: demo.tar
Patch1: one.patch
Requires: runc >= 1.1.9
%if %{with extra}
Requires: (a or b)
%endif
"""
SECTIONS = """\
%package extra
Summary: Extra
%description extra
Extra.
%prep
%setup -q
%if 0%{?is_opensuse}
%patch -P 1 -p1
%endif
%files
%{_bindir}/demo
"""
FEATURE = "%if 0%{?is_opensuse}\n%bcond_without extra\n%else\n%bcond_with extra\n%endif\n"
TEXT = spec(TAGS, SECTIONS, top=FEATURE)


@pytest.mark.parametrize(
    ("fact", "present", "condition", "failing"),
    [
        ("demo-extra", True, "", ""),
        ("%{name}-extra", True, "", ""),
        ("demo-other", True, "", "all"),
        ("demo-extra", False, "", "all"),
        ("demo requires runc", True, "", ""),
        ("demo requires runc >= 1.1.9", True, "", ""),
        ("demo requires runc >= 1.2", True, "", "all"),
        ("demo requires (a or b)", True, "", "sle12 sle15"),
        ("demo requires (a or b)", True, "is_opensuse", ""),
        ("demo requires (a or b)", True, "with extra", ""),
        ("demo requires (a or b)", False, "with extra", "tumbleweed"),
        ("demo has /usr/bin/demo", True, "", ""),
        ("demo has /usr/bin/*", False, "", "all"),
        ("patch one.patch", True, "is_opensuse", ""),
        ("patch one.patch", True, "", "sle12 sle15"),
    ],
)
def test_expectations(findings: Findings, fact: str, present: bool, condition: str, failing: str) -> None:
    expectation = Expectation(fact, present, parse(condition) if condition else None, "bsc#1")
    found = findings("expectation", TEXT, expectations=(expectation,), features=("extra",))
    assert [set(one.targets) for one in found] == ([] if not failing else [set(failing.replace("all", "").split())])
    assert all("(bsc#1)" in one.message for one in found)


def test_a_fact_that_is_none(findings: Findings) -> None:
    (found,) = findings("expectation", TEXT, expectations=(Expectation("demo wants cake"),))
    assert "cannot be read" in found.message
    assert "PACKAGE has /PATH" in found.hint


def test_a_mistyped_name_would_always_be_absent(findings: Findings) -> None:
    assert findings("expectation-unknown-name", TEXT, expectations=(Expectation("demo-extra", False),)) == []
    absent = (Expectation("demo-exrta", False), Expectation("patch two.patch", False))
    found = findings("expectation-unknown-name", TEXT, expectations=absent)
    assert {one.message for one in found} == {
        "no target has a package called demo-exrta",
        "no target declares a patch called two.patch",
    }


def test_a_text_that_no_longer_tells_its_facts(findings: Findings) -> None:
    files = {"demo.spec": spec(), "README.md": "DEMO_OPTS, and DEMO_OPTS again\n"}
    assert findings("fact-missing", files, mentions=(Mention("README.md", "DEMO_OPTS", 2),)) == []
    (found,) = findings("fact-missing", files, mentions=(Mention("README.md", "DEMO_OPTS", 3),))
    assert (found.file, found.line) == ("README.md", 1)
