from tests.check.rules.conftest import Findings
from tests.check.rules.spec import line, spec

FILES = "%files\n%{_sysusersdir}/demo.conf\n"
PRE = "%build\n%sysusers_generate_pre %{SOURCE1} demo demo.conf\n%pre -f demo.pre\n"
TAGS = "Source1: demo.sysusers\n%?sysusers_requires\n"
BOTH = ("sysusers-without-pre", "sysusers-without-requires")


def test_accounts_that_are_made_in_time(findings: Findings) -> None:
    own = "%pre\ngetent group demo >/dev/null || groupadd -r demo\n"
    later = "%post\n%sysusers_create demo.conf\n"
    for rule in BOTH:
        assert findings(rule, spec("", later + FILES)) == []
        assert findings(rule, spec(TAGS, PRE + FILES)) == []
        assert findings(rule, spec("Requires(pre): shadow\n", own + FILES)) == []
        assert findings(rule, spec()) == []


def test_accounts_that_nobody_makes_in_time(findings: Findings) -> None:
    text = spec("", FILES)
    (found,) = findings("sysusers-without-pre", text)
    assert found.line == line(text, "demo.conf")
    assert found.targets == {"sle12", "sle15"}  # Tumbleweed's rpm makes them itself


def test_what_pre_needs_is_required_for_it(findings: Findings) -> None:
    text = spec("Source1: demo.sysusers\n", PRE + FILES)
    (found,) = findings("sysusers-without-requires", text)
    assert found.line == line(text, "}/demo.conf")
    assert found.targets == {"sle12", "sle15"}
