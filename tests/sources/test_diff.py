import difflib
import os
import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import InputError
from generator.sources.diff import parse_diff

SIMPLE = b"""\
--- a/one.c
+++ b/one.c
@@ -1,3 +1,3 @@ int main
 first
-second
+zweite
 third
"""

lines = st.lists(
    st.sampled_from([b"a\n", b"b\n", b"\n", b" \n", b"-- x\n", b"++ y\n", b"c\r\n", b"@@ -1 +1 @@\n"]), max_size=12
)


def contents():
    return st.tuples(lines, st.booleans()).map(
        lambda drawn: [*drawn[0][:-1], drawn[0][-1].rstrip(b"\n") or b"z"] if drawn[0] and drawn[1] else drawn[0]
    )


def unified(old, new, context=3):
    """A diff of two lists of lines, remarks about missing newlines included."""
    result = b""
    as_text = [[line.decode("latin-1") for line in side] for side in (old, new)]
    for line in difflib.unified_diff(*as_text, "a/f", "b/f", n=context, lineterm="\n"):
        raw = line.encode("latin-1")
        result += raw if raw.endswith(b"\n") else raw + b"\n\\ No newline at end of file\n"
    return result


def applied(old, file):
    """The plainest possible application: every hunk where its heading says."""
    result, at = [], 0
    for hunk in file.hunks:
        start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        result += old[at:start]
        assert old[start : start + hunk.old_count] == list(hunk.old)
        result += hunk.new
        at = start + hunk.old_count
    return result + old[at:]


@given(contents(), contents(), st.integers(0, 3))
def test_a_parsed_diff_turns_the_old_into_the_new(old, new, context):
    raw = unified(old, new, context)
    diff = parse_diff("x.patch", raw)
    assert diff.to_bytes() == raw
    assert len(diff.files) == (old != new)
    for file in diff.files:
        assert applied(old, file) == new
        for hunk in file.hunks:
            assert (len(hunk.old), len(hunk.new)) == (hunk.old_count, hunk.new_count)


def outcome(raw):
    try:
        return parse_diff("x", raw)
    except InputError as error:
        return error


def check_lossless(raw):
    result = outcome(raw)
    if isinstance(result, InputError):
        assert re.match(r"x:\d+: ", str(result))
    else:
        assert result.to_bytes() == raw
        assert all(file.path for file in result.files)


@given(st.binary(max_size=200))
def test_random_bytes(raw):
    check_lossless(raw)


PIECES = b"""--- a/f
+++ b/f
--- /dev/null
+++ /dev/null
@@ -1 +1 @@
@@ -0,0 +1,2 @@
@@ -1,2 +1,0 @@
 a
-a
+a

\\ No newline
diff --git a/f b/g
	x
rename from f
rename to g
new file mode 100644
GIT binary patch
literal 3
zcx
Index: f
=======================
text
--\x20
diff --git\x20
""".splitlines(keepends=True)


@given(st.lists(st.sampled_from([*PIECES, b"index 1..2 100644\r\n"]), max_size=14), st.booleans())
def test_random_pieces(parts, cut):
    raw = b"".join(parts)
    check_lossless(raw[:-1] if cut else raw)


def test_parts_of_a_simple_diff():
    diff = parse_diff("x", b"Some text\nIndex: one.c\n==============================\n" + SIMPLE + b"-- \n2.46\n")
    (file,) = diff.files
    assert diff.preamble == (b"Some text\n",)
    assert diff.trailer == (b"-- \n", b"2.46\n")
    assert (file.old_path, file.new_path, file.kind, file.index_name) == ("a/one.c", "b/one.c", "modify", "one.c")
    assert (file.line, file.hunks[0].line, file.hunks[0].section) == (4, 6, b"int main")
    assert file.stripped(file.new_path) == "one.c"
    assert file.stripped("a//b/c", 2) == "c"
    assert file.stripped(None) is None


@pytest.mark.parametrize(
    ("raw", "line", "message"),
    [
        (SIMPLE.replace(b"-1,3", b"-1,4"), 3, "the patch ends within this hunk"),
        (SIMPLE.replace(b"+1,3", b"+1,2"), 3, "other lines than its heading"),
        (b"@@ -1 +1 @@\n-a\n+b\n", 1, "belongs to no file"),
        (SIMPLE.replace(b" third", b"third"), 7, "begins with none of"),
        (b"*** a\n--- b\n***************\n*** 1 ****\n", 1, "context diff"),
        (b"diff --cc f\nindex 1,2..3\n", 1, "a merge's diff"),
        (b"--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", 1, "names no file"),
    ],
)
def test_damage_is_named_with_its_line(raw, line, message):
    with pytest.raises(InputError, match=f"^x:{line}: .*{message}"):
        parse_diff("x", raw)


def test_a_hunk_with_too_many_lines_before_another():
    raw = SIMPLE.replace(b"-1,3 +1,3", b"-1,2 +1,2") + b"@@ -8 +8 @@\n-a\n+b\n"
    with pytest.raises(InputError, match=r"^x:8: this hunk belongs to no file"):
        parse_diff("x", raw)


def test_lost_blanks_and_ends():
    stripped = b"--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n\n-a\n+b\n\tc\n"
    (file,) = parse_diff("x", stripped).files
    assert file.hunks[0].old == (b"\n", b"a\n", b"\tc\n", b"\n")
    assert parse_diff("x", stripped).to_bytes() == stripped
    chopped = b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b"
    (file,) = parse_diff("x", chopped).files
    assert file.hunks[0].new == (b"b\n",)
    assert parse_diff("x", chopped).to_bytes() == chopped


def test_carriage_returns():
    raw = SIMPLE.replace(b"\n", b"\r\n")
    (file,) = parse_diff("x", raw).files
    assert file.carriage_returns
    assert file.new_path == "b/one.c"
    assert file.hunks[0].old == (b"first\r\n", b"second\r\n", b"third\r\n")
    assert file.hunks[0].lines[0].without_carriage_return().content == b"first\n"
    (file,) = parse_diff("x", SIMPLE.replace(b"second\n", b"second\r\n")).files
    assert not file.carriage_returns
    assert file.hunks[0].old[1] == b"second\r\n"


@pytest.mark.parametrize(
    ("old", "new", "kind", "paths"),
    [
        ("/dev/null", "b/f", "create", (None, "b/f")),
        ("a/f\t1970-01-01 00:00:00.000000000 +0000", "b/f\t2024-01-01 00:00:00 +0000", "create", ("a/f", "b/f")),
        ("a/f Thu Jan  1 00:00:00 1970", "b/f Sun May 5 00:00:00 2024", "create", ("a/f", "b/f")),
        ("a/f\t2020-01-01 00:00:00 +0000", "b/f\t2024-01-01 00:00:00 +0000", "modify", ("a/f", "b/f")),
    ],
)
def test_creation_without_git(old, new, kind, paths):
    raw = f"--- {old}\n+++ {new}\n@@ -0,0 +1 @@\n+a\n".encode()
    (file,) = parse_diff("x", raw).files
    assert (file.kind, (file.old_path, file.new_path)) == (kind, paths)
    back = f"--- {new}\n+++ {old}\n@@ -1 +0,0 @@\n-a\n".encode()
    (file,) = parse_diff("x", back).files
    assert (file.kind, file.path) == (kind.replace("create", "delete"), "b/f" if kind == "create" else "a/f")


def test_names_with_blanks_and_quotes():
    raw = SIMPLE.replace(b"a/one.c", b"a/my file.c\t2024-01-01").replace(b"b/one.c", b'"b/m\\303\\274 \\"x\\".c"')
    (file,) = parse_diff("x", raw).files
    assert (file.old_path, file.new_path) == ("a/my file.c", 'b/mü "x".c')


@pytest.mark.skipif(shutil.which("git") is None and "CI" not in os.environ, reason="needs git to make its diffs")
def test_what_git_writes(tmp_path):
    def git(*arguments):
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": os.devnull}
        result = subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, check=True,
        )  # fmt: skip
        return result.stdout

    git("init", "-q")
    text = b"".join(b"line %d\n" % number for number in range(20))
    before = {
        "move me": text,
        "gone": b"x\n",
        "empty gone": b"",
        "data": b"\0\1\2" * 50,
        "run": b"#!/bin/sh\n",
        "ü": b"u",
    }
    for name, content in before.items():
        (tmp_path / name).write_bytes(content)
    git("add", ".")
    git("commit", "-qm", "before")
    (tmp_path / "move me").rename(tmp_path / "moved to")
    (tmp_path / "moved to").write_bytes(text.replace(b"line 7", b"LINE 7"))
    (tmp_path / "gone").unlink()
    (tmp_path / "empty gone").unlink()
    (tmp_path / "data").write_bytes(b"\0\1\3" * 50)
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "ü").write_bytes(b"u\n")
    (tmp_path / "new empty").write_bytes(b"")
    (tmp_path / "new").write_bytes(b"new\n")
    git("add", "-A")
    raw = git("diff", "--cached", "-M", "--no-rename-empty", "--binary")
    diff = parse_diff("x.patch", raw)
    assert diff.to_bytes() == raw
    assert diff.trailer == ()
    seen = {file.path: file for file in diff.files}
    assert {path: file.kind for path, file in seen.items()} == {
        "b/moved to": "rename",
        "a/gone": "delete",
        "a/empty gone": "delete",
        "b/data": "modify",
        "b/run": "modify",
        "b/ü": "modify",
        "b/new empty": "create",
        "b/new": "create",
    }
    moved = seen["b/moved to"]
    assert (moved.old_path, len(moved.hunks)) == ("a/move me", 1)
    assert applied(text.splitlines(keepends=True), moved) == text.replace(b"line 7", b"LINE 7").splitlines(
        keepends=True
    )
    assert (seen["b/run"].old_mode, seen["b/run"].new_mode, seen["b/run"].hunks) == ("100644", "100755", ())
    assert seen["b/data"].binary
    assert (seen["b/new"].old_path, seen["b/new"].new_mode, seen["b/new"].old_mode) == (None, "100644", None)
    assert (seen["a/gone"].new_path, seen["a/gone"].old_mode) == (None, "100644")
    assert seen["b/ü"].hunks[0].old == (b"u",)
    plain = parse_diff("x.patch", git("diff", "--cached", "-M", "--no-rename-empty"))
    assert [file.path for file in plain.files if file.binary] == ["b/data"]
    assert [(file.old_path, file.kind) for file in plain.files if file.path == "b/moved to"] == [
        ("a/move me", "rename")
    ]
