import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import InputError
from generator.sources.patch import Patch
from generator.upstream.apply import apply_patch
from generator.upstream.series import Step, apply_series
from generator.upstream.tree import EXECUTABLE, LINK, Entry, Tree
from tests.upstream.trees import examples, git_diff, gnu_patch, perturbed, plain_diff, successors, trees


def agree(tree: Tree, diff: bytes, top) -> None:
    theirs = gnu_patch(tree, diff, top)
    ours = attempt(tree, diff)
    told = f"ours: {ours}\nGNU patch: {theirs}\n{diff.decode(errors='replace')}\n{dict(tree)}"
    if isinstance(ours, str) and "is there already, where" in ours:
        return  # GNU patch overwrites what is in the way of a rename or copy, git refuses as we do
    assert type(ours) is type(theirs), told
    assert isinstance(ours, str) or dict(ours) == dict(theirs), told


def attempt(tree: Tree, diff: bytes) -> Tree | str:
    try:
        return apply_patch(tree, Patch.parse("test.patch", diff)).tree
    except InputError as error:
        return str(error)


def a_plain_diff(top, data, context, perturb) -> None:
    before = data.draw(trees())
    after = data.draw(successors(before))
    before, after = (Tree({p: Entry(e.content) for p, e in t.items() if not e.is_link}) for t in (before, after))
    diff = plain_diff(before, after, context)
    if diff:
        agree(data.draw(perturbed(before)) if perturb else before, diff, top)


def a_git_diff(top, data, context, perturb) -> None:
    before = data.draw(trees(least=1))
    after = data.draw(successors(before))
    diff = git_diff(before, after, top, context)
    if any(path in after and entry.is_link != after[path].is_link for path, entry in before.items()):
        perturb = False  # GNU patch loses a file that becomes a link where the old one is not there
    if diff:
        agree(data.draw(perturbed(before)) if perturb else before, diff, top)


drawn = given(data=st.data(), context=st.integers(0, 3), perturb=st.booleans())


@examples(150)
@drawn
def test_a_plain_diff_is_applied_as_gnu_patch_applies_it(tmp_path_factory, data, context, perturb):
    a_plain_diff(tmp_path_factory.getbasetemp() / "plain", data, context, perturb)


@examples(100)
@drawn
def test_a_git_diff_is_applied_as_gnu_patch_applies_it(tmp_path_factory, data, context, perturb):
    a_git_diff(tmp_path_factory.getbasetemp() / "git", data, context, perturb)


@pytest.mark.live
@pytest.mark.parametrize("kind", [a_plain_diff, a_git_diff])
@examples(500)
@drawn
def test_many_diffs_are_applied_as_gnu_patch_applies_them(tmp_path_factory, kind, data, context, perturb):
    kind(tmp_path_factory.getbasetemp() / kind.__name__, data, context, perturb)


NUMBERS = Tree({"dir/n.txt": Entry(b"".join(b"%d\n" % n for n in range(1, 31)))}, "thing-1.0")
CHANGE = b"""From: x
--- a/dir/n.txt
+++ b/dir/n.txt
@@ -9,7 +9,7 @@
 9
 10
 11
-12
+twelve
 13
 14
 15
"""


def problem(tree: Tree, diff: bytes, strip: int = 1) -> str:
    with pytest.raises(InputError) as caught:
        apply_patch(tree, Patch.parse("0001-x.patch", diff), strip)
    return str(caught.value)


def test_a_hunk_that_moved_is_told_with_its_offset():
    content = b"new\nlines\n" + NUMBERS["dir/n.txt"].content
    applied = apply_patch(Tree({"dir/n.txt": Entry(content)}), Patch.parse("x", CHANGE))
    assert [(moved.path, moved.offset) for moved in applied.moved] == [("dir/n.txt", 2)]
    assert applied.tree["dir/n.txt"].content == content.replace(b"12\n", b"twelve\n")


def test_a_rejected_hunk_is_shown_with_the_lines_now_there():
    tree = Tree({"dir/n.txt": Entry(NUMBERS["dir/n.txt"].content.replace(b"11\n", b"eleven\r\n"))})
    assert problem(tree, CHANGE) == "\n".join(
        [
            "0001-x.patch:4: dir/n.txt: the hunk @@ -9,7 +9,7 @@ does not apply",
            "  the hunk:",
            *(f"    {line}" for line in (" 9", " 10", " 11", "-12", "+twelve", " 13", " 14", " 15")),
            "  now in lines 9 to 15 (> differs):",
            *(f"    {line}" for line in ("  9", "  10", "> eleven\\r", "  12", "  13", "  14", "  15")),
        ]
    )


def test_every_rejected_hunk_and_file_is_told():
    more = CHANGE + b"@@ -25,1 +25,1 @@\n-no\n+yes\n--- a/other\n+++ b/other\n@@ -1 +1 @@\n-a\n+b\n"
    with pytest.raises(InputError) as caught:
        apply_patch(Tree({"dir/n.txt": Entry(b"x\n"), "sub/other": Entry(b"")}), Patch.parse("p", more))
    assert [str(found.origin) for found in caught.value.problems] == ["p:4", "p:13", "p:16"]
    assert "there is sub/other" in caught.value.problems[2].message


def test_a_patch_that_is_applied_already_is_recognised():
    tree = apply_patch(NUMBERS, Patch.parse("x", CHANGE)).tree
    assert problem(tree, CHANGE).endswith("the lines that it would leave are there: is it applied already?")


def test_other_folders_are_stripped():
    applied = apply_patch(NUMBERS, Patch.parse("x", CHANGE.replace(b" a/", b" ").replace(b" b/", b" ")), strip=0)
    assert b"twelve" in applied.tree["dir/n.txt"].content
    assert "names no file" in problem(NUMBERS, CHANGE, strip=5)


@pytest.mark.parametrize("name", [b"/etc/passwd", b"a/../../etc/passwd"])
def test_a_path_that_leads_outside_is_no_file_of_the_tree(name):
    diff = b"--- %s\n+++ %s\n@@ -0,0 +1 @@\n+x\n" % (name, name)
    assert "names no file in the tree" in problem(NUMBERS, diff, strip=0)


def test_a_mail_without_a_diff_is_told():
    assert "0001-x.patch:1: there is no diff" in problem(NUMBERS, b"Subject: nothing\n\nat all\n")


def test_a_binary_diff_is_told():
    diff = b"diff --git a/x.png b/x.png\nindex 123..456 100644\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\n"
    assert "binary" in problem(Tree({"x.png": Entry(b"a")}), diff)


def test_a_header_with_carriage_returns_takes_them_from_the_hunks(tmp_path):
    diff = CHANGE.replace(b"\n", b"\r\n")
    agree(NUMBERS, diff, tmp_path)
    assert b"twelve\n" in apply_patch(NUMBERS, Patch.parse("x", diff)).tree["dir/n.txt"].content


def test_a_file_behind_a_link_or_in_the_way_of_a_folder_is_not_touched():
    tree = Tree({"dir": Entry(b"elsewhere", LINK), "n": Entry(b"x\n", EXECUTABLE)})
    assert "dir/n.txt is not in the tree" in problem(tree, CHANGE)
    assert "dir is no folder" in problem(tree, b"--- /dev/null\n+++ b/dir/new\n@@ -0,0 +1 @@\n+x\n")
    assert "dir is a link" in problem(tree, b"--- a/dir\n+++ b/dir\n@@ -1 +1 @@\n-elsewhere\n+x\n")


def test_a_deletion_that_leaves_something_is_rejected(tmp_path):
    diff = b"--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
    assert "has more in it" in problem(Tree({"f": Entry(b"a\nb\n")}), diff)


def test_a_series_stops_at_the_first_patch_that_does_not_apply():
    first = Step(Patch.parse("first", CHANGE))
    again = CHANGE.replace(b"-12", b"-twelve").replace(b"+twelve", b"+XII")
    result = apply_series(NUMBERS, [first, Step(Patch.parse("second", again))])
    assert b"XII\n" in result.tree["dir/n.txt"].content
    assert result.moved == {}
    with pytest.raises(InputError, match=r"^first:4: "):
        apply_series(NUMBERS, [first, first])
