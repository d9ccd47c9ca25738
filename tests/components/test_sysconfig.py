"""Sysconfig: fillup gets a template that says what the definition says, to its editor and to a shell."""

from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator.check.rule import rule_named
from generator.check.run import check
from generator.librpm import Librpm
from generator.reading import Dependency
from generator.sources.sysconfig import Template
from generator.targets import load
from tests.components.installed import installed
from tests.definition.folders import SMALLEST, problems, rendered, spec
from tests.proof.packages import PACKAGES, defined

FOLDERS = {
    "sle12": "/var/adm/fillup-templates",
    "sle15": "/usr/share/fillup-templates",
    "tumbleweed": "/usr/share/fillup-templates",
}
NEEDED = {
    "sle12": {"coreutils", "diffutils", "fillup", "grep"},
    "sle15": {"coreutils", "diffutils", "fillup", "grep"},
    "tumbleweed": {"/usr/bin/mkdir", "/usr/bin/touch", "fillup"},
}
TARGETS = [load(name) for name in FOLDERS]
TWO = SMALLEST + (
    "sysconfig:\n"
    "  sample:\n"
    "    source: 120\n"
    "    path: System/Sample\n"
    "    because: Read by the unit.\n"
    "    variables:\n"
    "      - {name: SAMPLE_OPTS, description: Further options, restart: sample}\n"
    "      - {name: SAMPLE_LEVEL, description: How much is said, type: 'integer(0:9)', default: 3, reload: sample,\n"
    "         path: Network/Sample, command: /usr/bin/sample}\n"
    "  other: {variables: [{name: OTHER, description: Another, type: yesno, default: 'no'}]}\n"
)


def test_fillup_gets_the_template_on_every_target(librpm: Librpm) -> None:
    sources = rendered(TWO)
    for reading in librpm.read(sources, TARGETS).readings:
        (package,) = reading.packages
        paths = [f"{FOLDERS[reading.target]}/sysconfig.{name}" for name in ("sample", "other")]
        assert list(package.files) == paths
        calls = package.scriptlets["post"].text.splitlines()
        assert calls == [": macro fillup_only -n sample", ": macro fillup_only -n other"]
        assert set(package.scriptlets) == {"post"}
        assert set(package.dependencies["requires"]) == {Dependency(one, ("post",)) for one in NEEDED[reading.target]}
        made = installed(reading, sources)
        for path in paths:
            assert made[path] == (sources.files[path.rpartition("/")[2]].content, 0o644)
        assert (120, "sysconfig.sample") in {(source.number, source.name) for source in reading.sources}


def test_the_template_says_what_the_definition_says() -> None:
    assert rendered(TWO).files["sysconfig.sample"].text == (
        "## Path: System/Sample\n"
        "## Description: Further options\n"
        "## Type: string\n"
        '## Default: ""\n'
        "## ServiceRestart: sample\n"
        "#\n"
        'SAMPLE_OPTS=""\n'
        "\n"
        "## Path: Network/Sample\n"
        "## Description: How much is said\n"
        "## Type: integer(0:9)\n"
        '## Default: "3"\n'
        "## ServiceReload: sample\n"
        "## Command: /usr/bin/sample\n"
        "#\n"
        'SAMPLE_LEVEL="3"\n'
    )


def test_the_rendered_text() -> None:
    text = spec(TWO)
    assert text.count("%{!?_fillupdir:%define _fillupdir /var/adm/fillup-templates}\n") == 1
    assert "# Read by the unit.\nSource120:      sysconfig.sample\n" in text
    assert text.count("Requires(post): %fillup_prereq\n") == 1
    assert "\n%post\n%{fillup_only -n sample}\n%{fillup_only -n other}\n" in text


def test_every_line_leads_to_its_variable() -> None:
    file = rendered(TWO).files["sysconfig.sample"]
    lines = {text: origin.line for text, origin in zip(file.lines, file.origins, strict=True) if origin and text}
    assert lines["## Description: Further options"] == 15
    assert lines["## ServiceRestart: sample"] == 15
    assert lines["## Type: integer(0:9)"] == 16
    assert lines["## Command: /usr/bin/sample"] == 17
    assert lines["## Path: System/Sample"] == 12


def test_a_subpackage_fills_up_its_own(librpm: Librpm) -> None:
    text = SMALLEST + (
        "packages: {sub: {summary: a, description: b}}\n"
        "sysconfig: {sample: {package: sub, variables: [{name: A, description: b}]}}\n"
    )
    for reading in librpm.read(rendered(text), TARGETS).readings:
        main, sub = reading.packages
        assert (main.files, dict(main.scriptlets)) == ((), {})
        assert sub.files == (f"{FOLDERS[reading.target]}/sysconfig.sample",)
        assert sub.scriptlets["post"].text == ": macro fillup_only -n sample"
        assert {one.text for one in sub.dependencies["requires"]} == NEEDED[reading.target]


texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=12)
odd = st.lists(
    st.sampled_from(
        ['"', "'", "\\", "$HOME", "`id`", "$(id)", "#", "%", "%%", " ", "=", ";", "a", "## Type:", "~", "*"]
    )
).map("".join)
words = texts | odd


def variable(name: str, **given: str) -> str:
    return json.dumps({"name": name, **{key: value for key, value in given.items() if value}}, ensure_ascii=False)


@settings(max_examples=80, deadline=None)
@given(words, words, words)
@example("ends in \\", "", "")
@example("a", "ends in \\", "echo \\")
@example("a", "", "## Type: boolean")
@example("Why # not", '"$HOME" `id` \\', "a; b")
def test_what_is_given_comes_back_or_is_refused(description: str, default: str, command: str) -> None:
    first = variable("FIRST", description=description or "a", default=default, command=command)
    text = f"{SMALLEST}sysconfig:\n  sample: {{variables: [\n    {first},\n    {variable('NEXT', description='b')}]}}\n"
    refused = problems(text)
    if refused:
        assert {line for line, _ in refused} == {11}, refused
        control = any(
            ord(one) in (0xFEFF, 0x85) or 0xFFFE <= ord(one) <= 0xFFFF for one in description + default + command
        )
        assert control or not (description or "a").strip() or (description + " " + command).count("\\"), refused
        return
    content = rendered(text).files["sysconfig.sample"].content
    found, next_ = Template.parse("sysconfig.sample", content).variables
    assert (found.name, found.value, found.default) == ("FIRST", default, default)
    assert found.metadata("Description") == (description or "a").strip()
    assert found.metadata("Command") == command.strip()
    assert (found.metadata("Type"), found.metadata("Path")) == ("string", "System/Management")
    assert (next_.name, next_.value, next_.metadata("Description")) == ("NEXT", "", "b")
    script = content + b'printf %s "$FIRST"'
    shown = subprocess.run(["sh"], input=script, capture_output=True, env={}, timeout=30)
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, default.encode(), b"")


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("string", "anything", None),
        ("string(a,b)", "c", None),
        ("list(a,b)", "b", "c"),
        ("integer", "-7", "seven"),
        ("integer(0:9)", "9", "10"),
        ("boolean", "true", "yes"),
        ("yesno", "yes", "true"),
        ("ip", "::1", "here"),
        ("ip4", "127.0.0.1", "::1"),
        ("ip6", "::1", "127.0.0.1"),
        ("regexp(^[a-z]+$)", "abc", "ABC"),
    ],
)
def test_a_default_is_of_its_type(librpm: Librpm, type_: str, good: str, bad: str | None) -> None:
    """Otherwise the check leads to the line of the default."""
    for default, right in ((good, True), (bad, False)):
        if default is None:
            continue
        text = SMALLEST + (
            "sysconfig:\n  sample:\n    variables:\n      - name: A\n        description: b\n"
            f"        type: {json.dumps(type_)}\n        default: {json.dumps(default)}\n"
        )
        view = librpm.read(rendered(text), TARGETS)
        found = check(view, [rule_named("sysconfig-default")])
        assert [one.origin.line for one in found if one.origin] == ([] if right else [15]), found


@pytest.mark.parametrize("name", PACKAGES)
def test_both_flavours_share_one_file(librpm: Librpm, name: str) -> None:
    sources = defined(name).sources()
    (options,) = Template.parse("sysconfig.docker", sources.files["sysconfig.docker"].content).variables
    assert (options.name, options.default, options.metadata("ServiceRestart")) == ("DOCKER_OPTS", "", "docker")
    for reading in librpm.read(sources, TARGETS).readings:
        main = reading.packages[0]
        assert f"{FOLDERS[reading.target]}/sysconfig.docker" in main.files
        assert ": macro fillup_only -n docker\n" in main.scriptlets["post"].text + "\n"
        assert {Dependency(one, ("post",)) for one in NEEDED[reading.target]} <= set(main.dependencies["requires"])


A = "{name: A, description: b}"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (f"sysconfig:\n  a/b: {{variables: [{A}]}}\n", 10, "the name of a file in /etc/sysconfig"),
        ("sysconfig:\n  sample: {}\n", 10, "sysconfig.sample needs 'variables'"),
        ("sysconfig:\n  sample: {variables: []}\n", 10, "sysconfig.sample has no variables"),
        ("sysconfig:\n  sample: {variables: [\n    {name: A}]}\n", 11, "needs 'description'"),
        ("sysconfig:\n  sample: {variables: [\n    {name: A-B, description: b}]}\n", 11, "a variable's name"),
        (f"sysconfig:\n  sample: {{variables: [{A},\n    {A}]}}\n", 11, "A is there already"),
        ("sysconfig:\n  sample: {variables: [\n    {name: A, description: b, type: yseno}]}\n", 11, "not a type"),
        (
            "sysconfig:\n  sample: {variables: [\n    {name: A, description: b, type: 'regexp(()'}]}\n",
            11,
            "regular expression",
        ),
        ("sysconfig:\n  sample: {variables: [\n    {name: A, description: b, type: 'integer(9:0)'}]}\n", 11, "9:0"),
        ("sysconfig:\n  sample: {variables: [\n    {name: A, description: b, path: Sytem/X}]}\n", 11, "YaST's editor"),
        ('sysconfig:\n  sample: {variables: [\n    {name: A, description: "b\\nc"}]}\n', 11, "one line"),
        (f"sysconfig:\n  sample: {{path: Sytem, variables: [{A}]}}\n", 10, "YaST's editor"),
        (f"sysconfig:\n  sample: {{package: sub, variables: [{A}]}}\n", 10, "there is no package 'sub'"),
        (f"sysconfig:\n  sample: {{variabels: [{A}]}}\n", 10, "did you mean 'variables'?"),
    ],
)
def test_errors(text: str, line: int, said: str) -> None:
    found = problems(SMALLEST + text)
    assert (line, said) in [(at, said) for at, message in found if said in message], found
