import pytest

from tests.check.rules.conftest import Findings
from tests.check.rules.spec import line, spec

TEMPLATE = """\
## Path: System/Management
## Description: Options of demo
## Type: yesno
## Default: no
## ServiceRestart: demo
#
# Whether demo starts.
#
DEMO_START="no"
"""
UNIT = "[Service]\nExecStart=/usr/bin/demo\nEnvironmentFile=/etc/sysconfig/demo\n"
RULES = ("sysconfig-default", "sysconfig-metadata", "sysconfig-without-restart")


def directory(template: str) -> dict[str, str]:
    return {"demo.spec": spec("Source1: sysconfig.demo\n"), "sysconfig.demo": template, "demo.service": UNIT}


@pytest.mark.parametrize("rule", RULES)
def test_a_good_template(findings: Findings, rule: str) -> None:
    assert findings(rule, directory(TEMPLATE), defined=True) == []


@pytest.mark.parametrize(
    ("old", "new", "at", "words"),
    [
        ("Default: no", "Default: perhaps", 4, "the default 'perhaps' is neither yes nor no"),
        ('="no"', '="perhaps"', 9, "the value 'perhaps' is neither yes nor no"),
        ("yesno", "yseno", 3, "there is no type 'yseno'"),
        ("yesno", "integer(0:9)", 4, "'no' is not a whole number"),
    ],
)
def test_a_value_that_is_not_of_its_type(findings: Findings, old: str, new: str, at: int, words: str) -> None:
    (found,) = findings("sysconfig-default", directory(TEMPLATE.replace(old, new)))
    assert (found.file, found.line) == ("sysconfig.demo", at)
    assert words in found.message


def test_metadata_that_nobody_knows(findings: Findings) -> None:
    (found,) = findings("sysconfig-metadata", directory(TEMPLATE.replace("ServiceRestart", "Servicerestart")))
    assert (found.line, found.hint) == (5, "did you mean ServiceRestart?")
    (path,) = findings("sysconfig-metadata", directory(TEMPLATE.replace("System/", "Sysetm/")))
    assert path.line == 1


@pytest.mark.parametrize("missing", ["Path", "Description", "Type", "Default"])
def test_metadata_that_are_missing(findings: Findings, missing: str) -> None:
    text = "".join(one for one in TEMPLATE.splitlines(keepends=True) if f"## {missing}:" not in one)
    (found,) = findings("sysconfig-metadata", directory(text), defined=True)
    assert (found.message, found.severity) == (f"DEMO_START has no {missing}", "warning")
    (foreign,) = findings("sysconfig-metadata", directory(text))
    assert foreign.severity == "note"


def test_a_template_without_metadata_is_a_choice(findings: Findings) -> None:
    assert findings("sysconfig-metadata", directory('DEMO="x"\n')) == []


def test_nothing_restarts_the_reader(findings: Findings) -> None:
    text = TEMPLATE.replace("## ServiceRestart: demo\n", "")
    (found,) = findings("sysconfig-without-restart", directory(text))
    assert found.message == "demo.service reads DEMO_START, and nothing restarts it"
    assert findings("sysconfig-without-restart", {**directory(text), "demo.service": "[Service]\n"}) == []


def test_a_shipped_file(findings: Findings) -> None:
    text = spec("", "%files\n%config(noreplace) %{_sysconfdir}/sysconfig/demo\n")
    (found,) = findings("sysconfig-shipped", text)
    assert (found.line, found.message) == (line(text, "sysconfig/demo"), "demo ships /etc/sysconfig/demo")
    good = "%files\n%ghost /etc/sysconfig/demo\n%dir /etc/sysconfig/demo.d\n/etc/sysconfig/network/if-up.d/demo\n"
    assert findings("sysconfig-shipped", spec("", good)) == []


FILES = "%files\n/usr/share/fillup-templates/sysconfig.demo\n"


def test_fillup_is_called_and_required(findings: Findings) -> None:
    needs = "Requires(post): %fillup_prereq\n"
    for call in ("%{fillup_only -n demo}", "%fillup_only", "%fillup_only -an demo", "%{fillup_and_insserv -i demo}"):
        assert findings("sysconfig-without-fillup", spec(needs, f"%post\n{call}\n{FILES}")) == []
    both = FILES.replace("sysconfig.demo", "sysconfig.security-demo")
    assert findings("sysconfig-without-fillup", spec(needs, "%post\n%{fillup_only -ns security demo}\n" + both)) == []
    assert findings("sysconfig-without-fillup", spec("PreReq: %fillup_prereq\n", f"%post\n%fillup_only\n{FILES}")) == []
    (uncalled,) = findings("sysconfig-without-fillup", spec(needs, FILES))
    assert "does not call %fillup_only" in uncalled.message
    (unneeded,) = findings("sysconfig-without-fillup", spec("", f"%post\n%fillup_only\n{FILES}"))
    assert "not required for %post" in unneeded.message
