import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import InputError
from generator.sources.patch import Patch
from generator.upstream.apply import apply_patch
from generator.upstream.diff import diff_trees
from generator.upstream.tree import EXECUTABLE, LINK, Entry, Tree
from tests.upstream.trees import examples, git_apply, gnu_patch, successors, trees


def there(top, data) -> None:
    before = data.draw(trees())
    after = data.draw(successors(before))
    diff = diff_trees(before, after)
    assert diff == diff_trees(
        Tree(dict(sorted(before.items(), reverse=True))), Tree(dict(sorted(after.items(), reverse=True)))
    )
    if not diff:
        assert before == after
        return
    patch = Patch.parse("x.patch", diff)
    assert patch.to_bytes() == diff
    applied = apply_patch(before, patch)
    assert applied.tree == after
    assert applied.moved == ()
    assert gnu_patch(before, diff, top) == after
    assert git_apply(before, diff, top) == after


@examples(60)
@given(data=st.data())
def test_patch_git_and_we_get_from_one_tree_to_the_other(tmp_path_factory, data):
    there(tmp_path_factory.getbasetemp() / "diff", data)


@pytest.mark.live
@examples(500)
@given(data=st.data())
def test_patch_git_and_we_get_there_many_times(tmp_path_factory, data):
    there(tmp_path_factory.getbasetemp() / "diffs", data)


def test_it_reads_as_git_writes_it(tmp_path):
    old = b"package a\n\nfunc f() {\n" + b"".join(b"\tline%d()\n" % n for n in range(30)) + b"}\n"
    new = old.replace(b"line20()", b"other()").replace(b"line3()\n", b"")
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    (tmp_path / "a.go").write_bytes(old)
    (tmp_path / "gone").write_bytes(b"x")
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    (tmp_path / "a.go").write_bytes(new)
    (tmp_path / "gone").unlink()
    theirs = subprocess.run(["git", "diff", "--abbrev=12"], cwd=tmp_path, capture_output=True, check=True).stdout
    before = Tree({"a.go": Entry(old), "gone": Entry(b"x")})
    assert diff_trees(before, Tree({"a.go": Entry(new)})) == theirs


def test_a_link_that_becomes_a_file_is_made_anew():
    text = diff_trees(Tree({"a": Entry(b"b", LINK)}), Tree({"a": Entry(b"b")})).decode()
    assert "deleted file mode 120000" in text
    assert "new file mode 100644" in text


def test_a_mode_alone_has_no_index():
    text = diff_trees(Tree({"a": Entry(b"b")}), Tree({"a": Entry(b"b", EXECUTABLE)}))
    assert text == b"diff --git a/a b/a\nold mode 100644\nnew mode 100755\n"


def test_a_binary_change_is_refused():
    with pytest.raises(InputError, match=r"logo\.png: a binary file changes"):
        diff_trees(Tree({"logo.png": Entry(b"\0")}), Tree({"logo.png": Entry(b"\0\1")}))
