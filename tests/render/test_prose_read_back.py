"""Prose comes out of librpm as it was written, or is refused; macro text stays macro text and one line."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator.errors import InputError
from generator.librpm import Librpm
from generator.reading import Reading
from generator.targets import load
from tests.definition.folders import SMALLEST, problems, rendered

# Every key that holds prose, and macro text whose reading must not change with it. The subpackage that stands under a
# condition is followed by %endif, the others by a section.
TEXT = """\
name: sample
version: 1.0
summary: PROSE
description: PROSE
license: MIT
targets: [tumbleweed]
patches-because: REASON
features: {fast: {on: is_opensuse, because: REASON}, slow: {because: REASON}}
macros: {abc: {value: 100, because: REASON}, def: "%{abc}1"}
sources: {3: {file: extra, external: true, because: REASON}}
trees:
  sample:
    archive: sample-%{def}.tar.gz
    patches:
      - {number: 1, file: a.patch, because: REASON, applied: REASON}
      - {number: 2, file: b.patch, when: with slow, applied: REASON}
requires:
  - {dependency: "a >= %{def}", because: REASON}
  - {when: with fast, because: REASON, then: b, else: {dependency: c, because: REASON}}
packages:
  sub: {summary: PROSE, description: PROSE, because: REASON, requires: ["%{name} = %{version}"]}
  fast: {summary: PROSE, description: PROSE, because: REASON, when: with fast}
configuration: {/etc/sample: {content: 1, because: REASON, when: with fast}}
directories: {/srv/sample: {because: REASON}}
"""
TARGET = load("tumbleweed")

pieces = st.sampled_from(
    [
        "%", "%%", "%{", "}", "%{name}", "%(echo x)", "%[1+1]", "%{lua:print(1)}", "%description", "%if 1", "%endif",
        "%else", "%files", "%package x", "%define abc 2", "%global abc 2", "%include /x", "%prep", "%changelog", "#",
        "# x", "\\", "\\\\", "\n", "\n\n", " ", "\t", "word", "Words, and a sentence.", "$(touch x)", "`x`", '"', "'",
        "{{", "${{ x }}", "[% x %]", "[# x #]", "Grüße", "鯨", "🐳", "x" * 90,
        "bsc#1", "%5", "%-f", "%*", "%#", "%bcond_with x",
        "Name: x", "Requires: x", "%dnl x", "%elif 1", "%ifarch x86_64", "- x", "* x", "\u00a0", "\u200b", "\ufffd",
        "%patch -P 1",
    ]
)  # fmt: skip
prose = (
    st.lists(pieces | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4), min_size=1, max_size=8)
    .map("".join)
    .filter(str.strip)
)


def read(librpm: Librpm, text: str = "Words.", reason: str = "Reasons.") -> Reading:
    said, why = (json.dumps(prose, ensure_ascii=False) for prose in (text, reason))
    (reading,) = librpm.read(rendered(TEXT.replace("PROSE", said).replace("REASON", why)), [TARGET]).readings
    assert (reading.error, reading.log) == ("", ()), reading.parsed
    return reading


def is_refused(error: InputError, *messages: str) -> None:
    """What cannot be said is said to be so, at its line."""
    for problem in error.problems:
        assert problem.origin is not None, problem
        assert problem.message.startswith(("control character", *messages)), problem


def facts(reading: Reading) -> object:
    packages = [(p.name, p.version, p.dependencies, p.files, p.scriptlets, p.license) for p in reading.packages]
    build = [line for line in reading.build.splitlines() if not line.startswith("#")]
    install = [line for line in reading.install.splitlines() if not line.startswith("#")]
    return packages, build, install, reading.sources, reading.states, reading.build_requires


@pytest.fixture(scope="module")
def plain(librpm: Librpm) -> object:
    found = facts(read(librpm))
    assert "sample-1001.tar.gz" in str(found)
    return found


@settings(max_examples=120, deadline=None)
@given(prose)
@example("100% of %{name}\n%description x\n\n # y")
@example("a\\")
@example("x\n%if 1\ny")
@example("%files")
@example("%endif0")
@example("\\%{")
@example("\\\\%{ \\%%( \\\\\\%[")
def test_prose_comes_back(librpm, plain, text):
    try:
        reading = read(librpm, text)
    except InputError as error:
        is_refused(error, "a paragraph of a description begins with")
        return
    words = " ".join(text.split())
    for package in reading.packages:
        assert " ".join(package.summary.split()) == words
        assert " ".join(package.description.split()) == words
    assert facts(reading) == plain


@settings(max_examples=120, deadline=None)
@given(prose)
@example("a\\")
@example("\\%{")
@example("word " * 15 + "a\\ word")
def test_reasons_change_nothing(librpm, plain, text):
    try:
        assert facts(read(librpm, reason=text)) == plain
    except InputError as error:
        is_refused(error, "a comment ends in a backslash", "a comment has a backslash")


@pytest.mark.parametrize(
    "text", ["%if 1", "%endif", "Words.\n\n%else", "  %ifarch x", "%include /etc/passwd", "#", " # x", "a\n\n#"]
)
def test_what_rpm_reads_at_the_start_of_a_paragraph_is_refused(text):
    found = problems(SMALLEST.replace("description: Words.", f"description: {json.dumps(text)}"))
    assert [line for line, _ in found] == [4]
    assert "begins with" in found[0][1]


def test_it_is_not_within_a_paragraph(librpm):
    reading = read(librpm, "Begin\n%if 1\n# here\n%endif")
    assert " ".join(reading.packages[0].description.split()) == "Begin %if 1 # here %endif"


LINES = ["name: {}", "version: {}", "license: {}", "url: {}", "group: {}", "requires: [{}]", "macros: {{abc: {}}}"]
LINES += ["trees: {{x: {{archive: {}}}}}", "sources: {{1: {}}}", "files: [{}]", "directories: {{{}: }}"]
LINES += ["configuration: {{/x: {{content: {}}}}}", "completions: {{bash: {}}}", "exclude-arch: [{}]", "copyright: {}"]
LINES += [
    "packages: {{{}: {{summary: a, description: b}}}}",
    "packages: {{a: {{summary: b, description: c, url: {}}}}}",
]
LINES += ["units: {{{}: }}", "features: {{{}: always}}", "targets: [{}]", "files: [{{path: /x, source: {}}}]"]
LINES += ["accounts: {{x: {{users: [{{name: a, description: {}}}]}}}}", "twin: {{original: sample, replacement: {}}}"]
LINES += ["documentation: {{doc: [{}]}}", "sysconfig: {{a: {{variables: [{{name: A, description: b, default: {}}}]}}}}"]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("value", ["/x\n%description\nx", "/x\nRequires: y", "\n"])
def test_a_line_end_in_other_text_is_refused(line, value):
    key = line.partition(":")[0]
    kept = [text for text in SMALLEST.splitlines() if not text.startswith(f"{key}:")]
    text = "\n".join([*(kept[:-1] if key == "trees" else kept), line.format(json.dumps(value)), ""])
    assert len(kept) + 1 - (key == "trees") in [at for at, _ in problems(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("requires: ['%{name}-data = %{version}']", "Requires:       %{name}-data = %{version}\n"),
        ("files: ['%{_bindir}/x']", "\n%{_bindir}/x\n"),
        ("trees: {sample: {archive: 'sample-%{version}.tar.gz'}}", "Source:         sample-%{version}.tar.gz\n"),
        ("url: https://example.org/%%20", "URL:            https://example.org/%%20\n"),
        ("macros: {abc: '%{?dist}%%'}", "%define abc %{?dist}%%\n"),
    ],
)
def test_macro_text_stays_what_it_is(text, expected):
    kept = SMALLEST if not text.startswith("trees") else SMALLEST.rpartition("trees:")[0]
    assert expected in rendered(f"{kept}{text}\n").spec.text
