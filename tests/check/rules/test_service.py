from tests.check.rules.conftest import Findings
from tests.check.rules.spec import spec


def test_badness(findings: Findings) -> None:
    files = {"demo.spec": spec(), "demo-rpmlintrc": 'addFilter("x")\n# setBadness\n'}
    assert findings("rpmlintrc-badness", files) == []
    files["demo-rpmlintrc"] += "  setBadness('x', 0)\n"
    (found,) = findings("rpmlintrc-badness", files)
    assert (found.file, found.line) == ("demo-rpmlintrc", 3)
    assert found.message == "For Factory submissions, you cannot use setBadness. Use filters in demo-rpmlintrc."


def test_modes(findings: Findings) -> None:
    one = '<services>\n  <service name="tar_scm" mode="{}"/>\n</services>\n'
    for mode in ("manual", "buildtime", "localonly", "disabled"):
        assert findings("service-mode", {"demo.spec": spec(), "_service": one.format(mode)}) == []
    assert findings("service-mode", {"demo.spec": spec()}) == []
    for text in (one.format("trylocal"), one.replace(' mode="{}"', "")):
        (found,) = findings("service-mode", {"demo.spec": spec(), "_service": text})
        assert (found.file, found.line) == ("_service", 2)
        assert "Please change the mode of tar_scm" in found.message


def test_a_broken_service_file(findings: Findings) -> None:
    (found,) = findings("service-mode", {"demo.spec": spec(), "_service": "<services>\n<service\n"})
    assert found.line >= 2
