from tests.check.rules.conftest import Findings
from tests.check.rules.spec import line, spec


def test_paths_of_old(findings: Findings) -> None:
    text = spec("", "%files\n/usr/man/man1/demo.1\n%{_mandir}/man1/demo.1\n")
    (found,) = findings("forbidden-path", text)
    assert (found.line, found.message) == (
        line(text, "/usr/man"),
        'demo.spec uses forbidden file path "/usr/man/man1/demo.1".',
    )


def test_a_licence_is_no_documentation(findings: Findings) -> None:
    text = spec("", "%files\n%doc README COPYING.LIB\n%license LICENSE\n")
    (found,) = findings("licence-as-doc", text)
    assert found.line == line(text, "%doc")
    assert findings("licence-as-doc", spec("", "%files\n%doc README\n%license COPYING\n")) == []
    both = "%files\n%if 0%{?suse_version} < 1500\n%doc COPYING\n%else\n%license COPYING\n%endif\n"
    assert findings("licence-as-doc", spec("", both)) == []
