"""What one definition says on top of another."""

from __future__ import annotations

import pytest

from generator.condition import describe
from tests.definition.folders import SMALLEST, definition, problems

BASE = SMALLEST + """\
url: https://example.org
macros:
  first_one: {value: 1, because: It begins.}
  second: 2
requires:
  - runc >= 1.0
  - when: suse_version >= 1500
    then: [a, b >= 1]
    else: c
  - when: suse_version >= 1600
    then: d
  - {dependency: e, when: is_opensuse}
trees:
  sample:
    archive: sample-%{version}.tar.gz
    patches:
      - {file: a.patch, number: 1}
      - {file: b.patch, number: 2, because: Needed.}
expect:
  - {present: x}
facts:
  words: [one, two]
""".replace("trees:\n  sample: {archive: sample-1.0.tar.gz}\n", "")  # fmt: skip
BASE = BASE.replace("trees:\n  sample: {archive: sample-1.0.tar.gz}\n", "", 1)


def extended(text):
    return definition(f"extends: base\n{text}", base=BASE).head


def dependencies(head):
    return [(item.value.dependency, [(describe(step), kept) for step, kept in item.guard]) for item in head.requires]


def test_maps_merge_and_plain_values_replace():
    head = extended("version: 2.0\nmacros: {first_one: {value: 3}, second: 4, third: 5}\nfacts: {words: [three]}\n")
    assert (head.name, head.version, head.url) == ("sample", "2.0", "https://example.org")
    values = [(name, macro.value, macro.because) for name, macro in head.macros.items()]
    assert values == [("first_one", "3", "It begins."), ("second", "4", ""), ("third", "5", "")]
    assert head.facts == {"words": ["three"]}
    assert (head.macros["second"].origin.line, str(head.macros["second"].origin.path)) == (
        3,
        "specs/sample/package.yaml",
    )
    assert str(head.requires[0].origin.path) == "specs/base/package.yaml"


def test_items_are_replaced_by_identity():
    head = extended(
        "requires: [runc >= 2.0, b >= 2, f]\n"
        "trees: {sample: {patches: [{number: 2, file: c.patch}, {number: 3, file: d.patch}]}}\n"
    )
    new = ("suse_version >= 1500", True)
    assert dependencies(head) == [
        ("runc >= 2.0", []),
        ("a", [new]),
        ("b >= 2", [new]),
        ("c", [("suse_version >= 1500", False)]),
        ("d", [("suse_version >= 1600", True)]),
        ("e", [("is_opensuse", True)]),
        ("f", []),
    ]
    patches = head.trees["sample"].patches
    assert [(patch.number, patch.file, patch.because) for patch in patches] == [
        (1, "a.patch", ""),
        (2, "c.patch", "Needed."),
        (3, "d.patch", ""),
    ]


def test_one_value_extends_a_list():
    assert dependencies(extended("requires: f\n"))[-1] == ("f", [])


def test_items_without_identity_are_added():
    assert [expect.present for expect in extended("expect: [{present: x}]\n").expect] == ["x", "x"]


def test_remove():
    head = extended(
        "remove: {requires: [runc, c, d], macros: second, trees: {sample: {patches: [1]}}, facts: {words: [one]}}\n"
    )
    assert [name for name, _ in dependencies(head)] == ["a", "b >= 1", "e"]
    assert list(head.macros) == ["first_one"]
    assert [patch.number for patch in head.trees["sample"].patches] == [2]
    assert head.facts == {"words": ["two"]}
    assert extended("remove: [url, requires]\n").url == ""


def test_remove_and_say_anew():
    head = extended("remove: {requires: [e]}\nrequires: [{dependency: e, when: with_x}]\n")
    assert dependencies(head)[-1] == ("e", [("with_x", True)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("remove: {requires: [run]}", "remove: requires has no 'run' (did you mean 'runc'?)"),
        ("remove: {reqires: [runc]}", "remove: there is no 'reqires' (did you mean 'requires'?)"),
        ("remove: [reqires]", "remove: there is no 'reqires' (did you mean 'requires'?)"),
        ("remove: {macros: {first_on: {because: }}}", "remove: macros has no 'first_on'"),
        ("remove: {trees: {sample: {patches: [3]}}}", "remove: trees.sample.patches has no '3' (known: 1, 2)"),
        ("remove: {url: {a: b}}", "remove: url has no keys"),
        ("remove: {requires: [[runc]]}", "remove: requires takes a list of names"),
        ("remove: {requires: }", "remove: requires takes a list of names"),
        ("remove: {requires: {runc: }}", "remove: requires has no keys (name its items in a list)"),
        ("remove: {url: [x]}", "remove: url has no 'x'"),
        ("requires: {a: b}", "requires is a list"),
        ("trees: {sample: {patches: [{number: 9}]}}", "trees.sample.patches entry needs 'file'"),
        ("macros: {fourth: {because: x}}", "macros.fourth needs 'value'"),
    ],
)  # fmt: skip
def test_what_cannot_be_removed_or_added(text, message):
    found = problems(f"extends: base\nname: sample\n{text}\n", base=BASE)
    assert [line for line, said in found if message in said] == [3], found


def test_which_of_several_is_meant():
    base = SMALLEST + "requires:\n  - {when: is_opensuse, then: a >= 1, else: a}\n"
    ((line, said),) = problems("extends: base\nrequires:\n  - a >= 2\n", base=base)
    assert (line, "'a' stands in the list 2 times" in said) == (3, True)
    head = definition("extends: base\nremove: {requires: [a]}\nrequires: [a >= 2]\n", base=base).head
    assert dependencies(head) == [("a >= 2", [])]


def test_rings():
    ((line, said),) = problems("name: x\nextends: base\n", base="extends: base\n")
    assert (line, said) == (1, "specs/base/package.yaml:1: 'base' extends itself, by way of base")


def test_what_is_wrong_in_the_base_is_said_with_its_file():
    ((_, said),) = problems("extends: base\n", base=SMALLEST + "units: {x: {}}\n")
    assert said.startswith("specs/base/package.yaml:9: a key of units is 'x'")


def test_three_generations():
    text = "extends: parent\nmacros: {second: 9}\n"
    head = definition(text, parent="extends: base\nrequires: [parent]\nremove: {requires: [runc]}\n", base=BASE).head
    assert [name for name, _ in dependencies(head)] == ["a", "b >= 1", "c", "d", "e", "parent"]
    assert head.macros["second"].value == "9"
