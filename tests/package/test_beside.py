from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.condition import And, Defined, Feature, Macro
from generator.errors import InputError
from generator.package.beside import Beside, read_beside
from generator.sources import Expectation

PATH = PurePosixPath("demo/.specgen.yaml")

EXAMPLE = """\
targets: [sle15, tumbleweed]
conditions:
  sles: defined sle_version
  sles with gui: with gui and sles
features: gui
external:
  - demo-1.0.tar.xz
expect:
  - {on: sles, absent: demo-gui, because: bsc#1}
  - present: demo requires bash
    on: with gui and is_opensuse
waive:
  - rule: patch-unapplied
    reason: kept for a codestream
    match: old.patch
"""


def read(text, features=()):
    return read_beside(text.encode(), PATH, features)


def test_everything_that_can_be_said():
    beside = read(EXAMPLE)
    assert beside.targets == ("sle15", "tumbleweed")
    assert beside.features == ("gui",)
    assert [(external.name, external.origin) for external in beside.externals] == [("demo-1.0.tar.xz", (PATH, 7))]
    first, second = beside.expectations
    assert first == Expectation("demo-gui", False, Defined("sle_version"), "bsc#1", first.origin)
    assert (second.fact, second.present) == ("demo requires bash", True)
    assert second.on == And((Feature("gui"), Macro("is_opensuse")))
    assert [expectation.origin.line for expectation in beside.expectations] == [9, 10]
    (waiver,) = beside.waivers
    assert (waiver.rule, waiver.reason, waiver.match) == ("patch-unapplied", "kept for a codestream", "old.patch")
    assert waiver.origin == (PATH, 13)


def test_nothing_said():
    assert read("") == read("# only this\n") == read("targets:\nexpect: []\n") == Beside()


def test_features_of_the_spec_are_known():
    assert read("expect: [{present: a, on: with gui}]", ["gui"]).expectations[0].on == Feature("gui")
    with pytest.raises(InputError, match="gui"):
        read("expect: [{present: a, on: with guy}]", ["gui"])


@pytest.mark.parametrize(
    ("text", "lines", "message"),
    [
        ("target: [a]", [1], "did you mean 'targets'"),
        ("targets: {a: b}", [1], "list of names"),
        ("targets: [a, [b]]", [1], "is no name"),
        ("targets:\n- a\n- a\n", [3], "twice"),
        ("expect:\n- {on: always}\n- presence: x\n", [2, 3, 3], "needs 'present' or 'absent'"),
        ("waive:\n- rule: a\n", [2], "needs 'reason'"),
        ("waive:\n- rule: a\n  reason: ''\n", [3], "reason is empty"),
        ("conditions:\n  a: and\nexpect: x\n", [2, 3], "expect is a list"),
        ("a: *x\nb: &y 1\nexpect:\n- present: a\n  on: (\n", [1, 1, 2, 2, 5], "alias"),
        ("- a", [1], "no mapping"),
        ("a: b: c", [1], "YAML"),
    ],
)
def test_all_errors_at_once_with_their_lines(text, lines, message):
    with pytest.raises(InputError, match=message) as caught:
        read(text)
    assert [problem.origin.line for problem in caught.value.problems] == lines


pieces = st.sampled_from([*EXAMPLE.split("\n"), "targets:", "- a", "  on: ((", "expect: {a: b}", "  - reason:", "\t"])


@given(st.lists(pieces, max_size=14).map("\n".join) | st.text(max_size=30))
def test_random_text(text):
    try:
        beside = read_beside(text.encode("utf-8", "surrogatepass"), PATH)
    except InputError:
        return
    assert isinstance(beside, Beside)


def test_the_trees_of_patches():
    assert read("trees:\n  engine: [a.patch, b.patch]\n  cli: c.patch\n").trees == {
        "a.patch": "engine",
        "b.patch": "engine",
        "c.patch": "cli",
    }
    for text, line, message in (
        ("trees:\n- a\n", 1, "TREE"),
        ("trees:\n  a: [x.patch]\n  b:\n  - x.patch\n", 4, "two trees, a and b"),
        ("trees:\n  a: {b: c}\n", 2, "list of names"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            read(text)
        assert [problem.origin.line for problem in caught.value.problems] == [line]
