from tests.check.rules.conftest import Findings
from tests.check.rules.spec import line, spec

GOOD = (
    "%pre\ngetent group demo >/dev/null || groupadd -r demo\n"
    "%post -p /sbin/ldconfig\n%post -n demo-lua -p <lua>\nprint(\n"
)


def test_good_scriptlets(findings: Findings) -> None:
    lua = "%package lua\nSummary: L\n%description lua\nL\n"
    text = spec("", lua + GOOD)
    assert findings("scriptlet-syntax", text, defined=True) == []
    assert findings("scriptlet-shellcheck", text, defined=True) == []


def test_a_scriptlet_that_bash_does_not_read(findings: Findings) -> None:
    text = spec("", "%post\nif true; then\n  echo a\n")
    (found,) = findings("scriptlet-syntax", text)
    assert (found.line, found.severity) == (line(text, "echo a"), "error")
    assert found.message.startswith("%post of demo: syntax error")
    assert findings("scriptlet-shellcheck", text) == []  # it is told once


def test_shellcheck_is_an_error_in_a_definition_and_a_note_elsewhere(findings: Findings) -> None:
    text = spec("", "%postun\n# a comment /first\ntrue\nrm -f /run/$1\n")
    (found,) = findings("scriptlet-shellcheck", text, defined=True)
    assert (found.line, found.severity) == (line(text, "rm -f"), "error")
    assert "(SC2086)" in found.message
    (foreign,) = findings("scriptlet-shellcheck", text)
    assert foreign.severity == "note"


def test_the_right_one_of_equal_lines(findings: Findings) -> None:
    body = (
        '%post\nif [ "$1" = 1 ]; then\n  true\nfi\n%{?suse_version:echo "%suse_version"}\n'
        "ls $X\nif true; then\n  ls $X\nfi\n"
    )
    found = findings("scriptlet-shellcheck", spec("", body))
    text = spec("", body).split("\n")
    assert [text[one.line - 1].strip() for one in found] == ["ls $X", "ls $X"]
    assert len({one.line for one in found}) == 2


def test_what_a_macro_brings_is_not_the_authors(findings: Findings) -> None:
    text = spec("", "%post\n%service_add_post demo.service\n%{brought}\n", top="%define brought ls $X\\\nls $Y\n")
    assert findings("scriptlet-shellcheck", text) == []


def test_targets_of_a_scriptlet(findings: Findings) -> None:
    text = spec("", "%post\n%if 0%{?is_opensuse}\nls $X\n%endif\ntrue\n")
    (found,) = findings("scriptlet-shellcheck", text)
    assert (found.line, found.targets) == (line(text, "ls $X"), {"tumbleweed"})


def test_the_scriptlet_of_the_right_package(findings: Findings) -> None:
    sub = "%package sub\nSummary: S\n%description sub\nS\n%post\ntrue\n%post -n %{name}-sub\nls $X\n"
    text = spec("", sub)
    (found,) = findings("scriptlet-shellcheck", text)
    assert (found.line, found.message.split(":")[0]) == (line(text, "ls $X"), "%post of demo-sub")


def test_the_file_of_minus_f(findings: Findings) -> None:
    files = {"demo.spec": spec("Source1: demo.pre\n", "%pre -f demo.pre\n"), "demo.pre": "true\nls $X\n"}
    (found,) = findings("scriptlet-shellcheck", files)
    assert (found.file, found.line) == ("demo.pre", 2)


def test_a_macro_that_nobody_knows_is_no_fault_of_the_script(findings: Findings) -> None:
    text = spec("", "%post\n%made_up_object(a, b)\nls $X\n")
    (found,) = findings("scriptlet-syntax", text)
    assert (found.line, found.severity, found.hint) == (
        line(text, "%made_up_object"), "note", "nobody knows %made_up_object"
    )  # fmt: skip
    text = spec("", "%post\n%{made_up} -e 'x'\nls $X\nif true; then\n  ls $X\n")
    (found,) = findings("scriptlet-syntax", text)
    assert (found.severity, found.hint) == ("note", "nobody knows %made_up")
    text = spec("", "%post\n%{made_up} -e 'x'\nls $X\n")
    (found,) = findings("scriptlet-shellcheck", text)
    assert found.line == line(text, "ls $X")
