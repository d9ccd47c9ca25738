import pytest

from generator.sources import UpstreamPatch, UpstreamTree
from tests.check.rules.conftest import Findings
from tests.check.rules.spec import line, spec

TAGS = "Source0: demo.tar\nPatch1: one.patch\nPatch2: two.patch\n"
BOTH = "%prep\n%setup -q\n%patch -P 1 -p1\n%patch -P 2 -p1\n"


@pytest.mark.parametrize(
    "prep",
    [
        BOTH,
        "%prep\n%autosetup -p1\n",
        "%prep\n%setup -q\n%autopatch -p1\n",
        "%prep\n%setup -q\npatch -p1 < %{PATCH1}\n%if 0%{?suse_version} < 1500\ngit apply %{P:2}\n%endif\n",
        "%prep\n%setup -q\n%patch -P 1 -p1\n%build\npatch -p1 < %{PATCH2}\n",
    ],
)
def test_applied_patches(findings: Findings, prep: str) -> None:
    assert findings("patch-not-applied", spec(TAGS, prep)) == []


def test_a_patch_that_nothing_applies(findings: Findings) -> None:
    text = spec(TAGS, "%prep\n%setup -q\n%patch -P 1 -p1\n")
    (found,) = findings("patch-not-applied", text)
    assert (found.line, found.severity) == (line(text, "Patch2"), "error")
    assert found.message == "patch 2 two.patch apparently not applied (or not applied via %patch)"


def test_a_patch_that_is_commented_out(findings: Findings) -> None:
    text = spec(TAGS, BOTH.replace("%patch -P 2", "# %%patch -P 2"))
    (found,) = findings("patch-not-applied", text)
    assert (found.line, found.severity) == (line(text, "Patch2"), "warning")
    bare = spec(TAGS, BOTH.replace("%patch -P 2", "#patch2"))
    assert [one.severity for one in findings("patch-not-applied", bare)] == ["warning"]
    (comment,) = findings("patch-commented-out", text)
    assert comment.line == line(text, "# %%patch")
    assert findings("patch-commented-out", spec(TAGS, BOTH)) == []


def test_a_condition_that_no_target_meets(findings: Findings) -> None:
    guarded = "%prep\n%setup -q\n%patch -P 1 -p1\n%if 0%{?sle_version} == 150700\n%patch -P 2 -p1\n%endif\n"
    (found,) = findings("patch-not-applied", spec(TAGS, guarded))
    assert found.severity == "warning"
    assert "%if 0%{?sle_version} == 150700, which no target meets" in found.message
    assert findings("patch-not-applied", spec(TAGS, guarded), on=("sle15sp7", "sle12")) == []


@pytest.mark.parametrize(
    "condition", ["%ifarch s390x", '%if "%{_arch}" == "ppc64"', "%if 0%{?rhel} && 0%{?rhel} < 8", "%if 0%{?fedora}"]
)
def test_another_architecture_or_distribution_is_information(findings: Findings, condition: str) -> None:
    guarded = f"%prep\n%setup -q\n%patch -P 1 -p1\n{condition}\n%patch -P 2 -p1\n%endif\n"
    (found,) = findings("patch-not-applied", spec(TAGS, guarded))
    assert found.severity == "note"


def test_a_feature_that_no_target_turns_on_is_information(findings: Findings) -> None:
    guarded = "%prep\n%setup -q\n%patch -P 1 -p1\n%if %{with tests}\n%patch -P 2 -p1\n%endif\n"
    text = spec(TAGS, guarded, top="%bcond_with tests\n")
    (found,) = findings("patch-not-applied", text, features=("tests",))
    assert found.severity == "note"
    assert "tests, which no target turns on" in found.message


def test_applied_but_not_declared(findings: Findings) -> None:
    text = spec(TAGS, BOTH + "%patch -P 7 -p1\n")
    (found,) = findings("patch-not-declared", text)
    assert (found.line, found.message) == (line(text, "-P 7"), "patch number 7 referenced but not defined")
    assert findings("patch-not-declared", spec(TAGS, BOTH)) == []
    assert findings("librpm-log", text) == []  # one finding is enough


def test_the_numbered_macro(findings: Findings) -> None:
    text = spec(TAGS, "%prep\n%setup -q\n%patch1 -p1\n%patch2 -p1 -b .orig\n")
    (found,) = findings("patch-old-macro", text)
    assert (found.line, found.severity, found.targets) == (line(text, "%patch1"), "error", {"tumbleweed"})
    assert [(edit.origin.line, edit.remove, edit.insert) for edit in found.repair] == [
        (line(text, "%patch1"), 1, ("%patch -P 1 -p1",)),
        (line(text, "%patch2"), 1, ("%patch -P 2 -p1 -b .orig",)),
    ]
    (old,) = findings("patch-old-macro", text, on=("sle12", "sle15"))
    assert old.severity == "warning"
    assert findings("patch-old-macro", spec(TAGS, BOTH)) == []


def test_autosetup_needs_p1(findings: Findings) -> None:
    text = spec(TAGS, "%prep\n%autosetup -n demo\n")
    (found,) = findings("autosetup-without-p1", text)
    assert found.line == line(text, "%autosetup")
    assert found.repair[0].insert == ("%autosetup -p1 -n demo",)
    for good in ("%autosetup -p1\n", "%autosetup -n demo -p 1\n", "%autosetup -N\n"):
        assert findings("autosetup-without-p1", spec(TAGS, f"%prep\n{good}")) == []
    assert findings("autosetup-without-p1", spec("Source0: demo.tar\n", "%prep\n%autosetup\n")) == []


TREES = """\
%prep
%setup -q -T -b 1 -n cli-1
%patch -P 1 -p1
{cli}%setup -q -n engine-1
%patch -P 2 -p1
%patch -P 3 -p1
{engine}"""
TREE_TAGS = "Source0: engine-1.tar\nSource1: cli-1.tar\nPatch1: one.patch\nPatch2: two.patch\nPatch3: three.patch\n"
WHERE = {"one.patch": "cli", "two.patch": "engine", "three.patch": "engine", "four.patch": "engine"}


def upstream(where: dict[str, str]) -> tuple[UpstreamTree, ...]:
    def of(tree: str) -> tuple[UpstreamPatch, ...]:
        return tuple(UpstreamPatch(name) for name, its in where.items() if its == tree)

    return tuple(UpstreamTree(tree, "", of(tree)) for tree in dict.fromkeys(where.values()))


def test_a_patch_in_the_tree_of_others(findings: Findings) -> None:
    tags = TREE_TAGS + "Patch4: four.patch\n"
    good = spec(tags, TREES.format(cli="", engine="%patch -P 4 -p1\n"))
    assert findings("patch-wrong-tree", good, upstream=upstream(WHERE)) == []
    bad = spec(tags, TREES.format(cli="%patch -P 4 -p1\n", engine=""))
    (found,) = findings("patch-wrong-tree", bad, upstream=upstream({**WHERE, "one.patch": "cli"}))
    assert found.line == line(bad, "%patch -P 4")
    assert found.message.startswith("four.patch belongs to the tree engine, and is applied in cli-1")


def test_a_patch_in_another_folder_than_on_other_targets(findings: Findings) -> None:
    tags = TREE_TAGS + "Patch4: four.patch\n"
    condition = "%if 0%{{?suse_version}} {} 1600\n%patch -P 4 -p1\n%endif\n"
    text = spec(tags, TREES.format(cli=condition.format(">="), engine=condition.format("<")))
    (found,) = findings("patch-wrong-tree", text)
    assert found.targets == {"tumbleweed"}
    assert found.message == "four.patch is applied in cli-1, on most targets in engine-1"


def test_the_bot_wants_patches_in_the_changes(findings: Findings) -> None:
    before = {"demo.spec": spec(), "demo.changes": "old\n", "old.patch": "x"}
    after = {"demo.spec": spec("Patch1: one.patch\n"), "demo.changes": "new\nold\n", "one.patch": "x"}
    found = findings("patch-not-in-changes", after, before=before)
    assert [one.message for one in found] == [
        "A patch (old.patch) is being deleted without this removal being mentioned in the changelog.",
        "A patch (one.patch) is being added without this addition being mentioned in the changelog.",
    ]
    named = {**after, "demo.changes": "one.patch, old.patch\nold\n"}
    assert findings("patch-not-in-changes", named, before=before) == []
    assert findings("patch-not-in-changes", after) == []  # no base, nothing to compare
