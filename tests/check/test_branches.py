import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.check.branches import taken
from generator.sources.spec import Spec
from tests.check.made import reading, target

SLE = target("sle15", suse_version="1500", sle_version="150000", indirect="%{suse_version}", arches="x86_64 aarch64")
READING = reading("sle15", states={"on": True, "off": False})


def decided(condition: str, own: tuple[str, ...] = ()) -> bool | None:
    spec = Spec.parse("a.spec", f"{condition}\nline\n%endif\n".encode("utf-8", "surrogateescape"))
    number = next(line.number for line in spec.lines if line.text == "line")
    return taken(spec.conditions(number), READING, SLE, own)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("%if 0%{?suse_version} >= 1500", True),
        ("%if 0%{?suse_version} > 1500", False),
        ("%if 0%{?is_opensuse}", False),
        ("%if !0%{?is_opensuse}", True),
        ("%if 0%{?suse_version} >= 1500 && 0%{?is_opensuse}", False),
        ("%if (0%{?suse_version} >= 1500 || 0%{?fedora}) && 0%{?sle_version} == 150000", True),
        ("%if %{with on}", True),
        ("%if %{without on}", False),
        ("%if %{with off} || %{with on}", True),
        ("%if %{with other}", None),
        ("%if %{defined sle_version}", True),
        ("%if %{undefined sle_version}", False),
        ('%if "%{name}" == "docker"', True),
        ('%if "%{?flavor}" == "test"', False),
        ("%if 0%{?indirect} == 1500", True),
        ("%if 0%{!?fedora:1}", True),
        ("%if 0%{?suse_version:1}", True),
        ("%ifarch x86_64", True),
        ("%ifarch %{arches}", True),
        ("%ifnarch x86_64", False),
        ("%ifarch ppc64le", False),
        ("%ifos linux", True),
        ("%if 1\n%else", False),
        ("%if 0\n%else", True),
        ("%if 0\n%elif 1", True),
        ("%if 1\n%elif 1", False),
        ("%if %{unknown}", None),
        ("%if %(true)", None),
        ("%if 1 +", None),
        ("%if 5 == docker", None),
    ],
)
def test_a_branch_is_taken(condition: str, holds: bool | None) -> None:
    assert decided(condition) is holds


def test_a_macro_of_the_spec_itself_is_not_known() -> None:
    assert decided("%if 0%{?suse_version}", ("suse_version",)) is None
    assert decided("%if 0\n%elif 0%{?suse_version}", ("suse_version",)) is None


def test_what_cannot_be_known_does_not_matter_where_another_condition_fails() -> None:
    spec = Spec.parse("a.spec", b"%if %{unknown}\n%if 0\nline\n%endif\n%endif\n")
    assert taken(spec.conditions(3), READING, SLE, ()) is False


@given(st.text(alphabet='%{}?!01ab"()&|<>=: ', max_size=40))
def test_no_expression_is_too_odd(expression: str) -> None:
    assert decided(f"%if {expression}") in (True, False, None)
