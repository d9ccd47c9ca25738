import msgspec
import pytest

from generator import targets
from generator.check.case import Case
from generator.check.finding import Finding, merged
from generator.check.rule import rule_named
from generator.librpm import Librpm
from generator.sources import UpstreamPatch, UpstreamTree
from generator.upstream.tree import Entry, Tree
from tests.check.rules.conftest import package
from tests.check.rules.spec import spec

SPEC = spec(
    "Source0: demo.tar\nSource1: other.tar\nPatch1: one.patch\nPatch2: two.patch\nPatch3: three.patch\n",
    "%prep\n%setup -q -T -b 1 -n other-1\n%patch -P 3 -p1\n%setup -q\n"
    "%if 0%{?sle_version} == 120000\n%patch -P 1 -p1\n%endif\n%patch -P 2 -p1\n",
)
TREES = (
    UpstreamTree("main", "demo.tar", (UpstreamPatch("one.patch"), UpstreamPatch("two.patch"))),
    UpstreamTree("other", "other.tar", (UpstreamPatch("three.patch"),)),
)
AT_HAND = {"main": Tree({"f": Entry(b"a\n")}), "other": Tree({"f": Entry(b"x\n")})}


def diff(old: str, new: str) -> str:
    return f"Fix it\n\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-{old}\n+{new}\n"


def found(librpm: Librpm, rule: str, files: dict[str, str], trees=AT_HAND, upstream=TREES) -> list[Finding]:
    known = [targets.load(name) for name in ("sle12", "sle15", "tumbleweed")]
    view = librpm.read(package({"demo.spec": SPEC, **files}, "demo", upstream=upstream), known)
    case = Case(msgspec.structs.replace(view, upstream=trees))
    return list(merged(rule_named(rule).run(case), frozenset(target.name for target in known)))


def test_every_combination_of_conditions_is_tried(librpm: Librpm) -> None:
    files = {"one.patch": diff("a", "b"), "two.patch": diff("a", "c"), "three.patch": diff("x", "y")}
    (finding,) = found(librpm, "patch-does-not-apply", files)
    assert (finding.file, finding.line, finding.targets) == ("two.patch", 5, frozenset({"sle12"}))
    assert finding.message.startswith("main: f: the hunk @@ -1 +1 @@ does not apply\n")
    assert "now in lines 1 to 1 (> differs):\n    > b" in finding.message
    assert found(librpm, "patch-does-not-apply", {**files, "one.patch": diff("a", "a")}) == []


def test_a_fault_is_told_once_with_all_its_targets(librpm: Librpm) -> None:
    files = {"one.patch": diff("a", "b"), "two.patch": diff("b", "c"), "three.patch": diff("q", "y")}
    one, two = found(librpm, "patch-does-not-apply", files)
    assert (one.file, one.targets) == ("three.patch", frozenset())
    assert (two.file, two.targets) == ("two.patch", frozenset({"sle15", "tumbleweed"}))


def test_a_damaged_patch_is_told(librpm: Librpm) -> None:
    files = {"two.patch": diff("a", "b") + "@@ -9 +9 @@\n"}
    (finding,) = found(librpm, "patch-does-not-apply", files)
    assert (finding.file, finding.line) == ("two.patch", 8)


def test_one_tree_of_a_package_without_a_definition_has_all_patches(librpm: Librpm) -> None:
    files = {"one.patch": diff("a", "b"), "two.patch": diff("b", "c"), "three.patch": diff("a", "a")}
    (finding,) = found(librpm, "patch-does-not-apply", files, {"it": AT_HAND["main"]}, ())
    assert (finding.file, finding.targets) == ("two.patch", frozenset({"sle15", "tumbleweed"}))


@pytest.mark.parametrize("trees", [{}, {"other": AT_HAND["other"]}])
def test_trees_that_are_not_at_hand_are_not_judged(librpm: Librpm, trees: dict[str, Tree]) -> None:
    files = {"one.patch": diff("no", "b"), "two.patch": diff("no", "c"), "three.patch": diff("x", "y")}
    assert found(librpm, "patch-does-not-apply", files, trees) == []


def test_missing_patches_are_counted(librpm: Librpm) -> None:
    one, two = found(librpm, "upstream-series-incomplete", {"one.patch": diff("a", "b")})
    assert one.message == "main: its series was tried without 1 patch that is not here"
    assert two.message.startswith("other: ")
    assert found(librpm, "upstream-series-incomplete", {}, {}) == []
