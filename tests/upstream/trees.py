"""Random trees and what happens to them, and the real tools to compare with."""

import difflib
import shutil
import subprocess
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from generator.upstream.archive import read_tree
from generator.upstream.tree import EXECUTABLE, LINK, REGULAR, Entry, Tree

PATHS = ["a", "b c", "dir/a", "dir/sub/x.go", "ü"]
WORDS = [
    b"a",
    b"b",
    b"c",
    b"",
    b"}",
    b"\tif x {",
    b"-- dash",
    b"+plus",
    b"f(x)\r",
    b"\r",
    b"d\re",
    b"\xff",
    b"@@ -1 +1 @@",
]


def examples(count: int) -> settings:
    """Hypothesis with so many examples, each of which starts processes and takes its time."""
    return settings(max_examples=count, deadline=None, suppress_health_check=[HealthCheck.too_slow])


lines = st.lists(st.sampled_from(WORDS), max_size=14)


@st.composite
def contents(draw: st.DrawFn) -> bytes:
    """A file, often with a newline at its end."""
    text = b"".join(line + b"\n" for line in draw(lines))
    return text if draw(st.integers(0, 3)) else text[:-1]


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    kind = draw(st.integers(0, 9))
    if kind == 9:
        return Entry(draw(st.sampled_from([b"a", b"x.go"])), LINK)
    return Entry(draw(contents()), EXECUTABLE if kind == 8 else REGULAR)


@st.composite
def edited(draw: st.DrawFn, content: bytes, most: int = 3) -> bytes:
    """The content after some lines were put in, taken out or changed, at its end too."""
    parts = content.split(b"\n")
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(parts)))
        parts[at : at + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(WORDS), max_size=2))
    return b"\n".join(parts)


@st.composite
def trees(draw: st.DrawFn, least: int = 0) -> Tree:
    paths = draw(st.lists(st.sampled_from(PATHS), unique=True, min_size=least, max_size=4))
    return Tree({path: draw(entries()) for path in paths})


@st.composite
def successors(draw: st.DrawFn, before: Tree) -> Tree:
    """What a commit could make of the tree: edits, creations, deletions, renames, copies, modes."""
    after = dict(before)
    for path in sorted(before):
        entry = before[path]
        what = draw(st.sampled_from(["keep", "edit", "edit", "edit", "delete", "mode", "rename", "copy", "rewrite"]))
        if what == "edit" and not entry.is_link:
            after[path] = Entry(draw(edited(entry.content)), entry.mode)
        elif what == "delete":
            del after[path]
        elif what == "mode" and not entry.is_link:
            after[path] = Entry(draw(edited(entry.content)), EXECUTABLE if entry.mode == REGULAR else REGULAR)
        elif what in ("rename", "copy") and not entry.is_link:
            target = draw(st.sampled_from([f"new/{path}", f"{path}.new", f"{path.count('/')}"]))
            after[target] = Entry(draw(edited(entry.content, 1)), entry.mode)
            if what == "rename":
                del after[path]
        elif what == "rewrite":
            after[path] = draw(entries())
    for path in draw(st.lists(st.sampled_from(["created", "dir/created"]), unique=True, max_size=2)):
        after[path] = draw(entries())
    return Tree(after)


@st.composite
def perturbed(draw: st.DrawFn, tree: Tree) -> Tree:
    """The tree as somebody else may have left it: lines more and less, files gone, files in the way."""
    result = dict(tree)
    for path, entry in tree.items():
        what = draw(st.sampled_from(["keep", "keep", "top", "edit", "gone", "blocked"]))
        if what == "top" and not entry.is_link:
            result[path] = Entry(b"".join(w + b"\n" for w in draw(lines)) + entry.content, entry.mode)
        elif what == "edit" and not entry.is_link:
            result[path] = Entry(draw(edited(entry.content, 1)), entry.mode)
        elif what == "gone":
            del result[path]
        elif what == "blocked":
            result[draw(st.sampled_from(["created", f"new/{path}", f"{path}.new"]))] = draw(entries())
    return Tree(result)


def plain_diff(before: Tree, after: Tree, context: int) -> bytes:
    """A diff as `diff -ru -UN` writes it; it knows neither modes nor links."""
    out = b""
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        sides = [entry.content.split(b"\n") if entry else [b""] for entry in (old, new)]
        sides = [[line + b"\n" for line in side[:-1]] + ([side[-1]] if side[-1] else []) for side in sides]
        raw = path.encode()
        for line in difflib.diff_bytes(
            difflib.unified_diff,
            sides[0],
            sides[1],
            b"a/" + raw if old else b"/dev/null",
            b"b/" + raw if new else b"/dev/null",
            b"2026-01-01 00:00:00 +0000" if b" " in raw and old else b"",
            b"2026-01-01 00:00:00 +0000" if b" " in raw and new else b"",
            n=context,
        ):
            out += line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"
    return out


def write(tree: Tree, top: Path) -> None:
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir(parents=True)
    for path, entry in tree.items():
        target = top / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.is_link:
            target.symlink_to(entry.content.decode())
        else:
            target.write_bytes(entry.content)
            target.chmod(0o755 if entry.mode == EXECUTABLE else 0o644)


def git_diff(before: Tree, after: Tree, top: Path, context: int) -> bytes:
    """A diff by git itself, which finds renames and copies."""
    write(before, top / "a")
    write(after, top / "b")
    command = ["git", "-c", "core.quotepath=true", "diff", "--no-index", "--no-prefix", "--text", f"-U{context}"]
    done = subprocess.run([*command, "-M30", "-C30", "--find-copies-harder", "a", "b"], cwd=top, capture_output=True)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def gnu_patch(tree: Tree, diff: bytes, top: Path) -> Tree | str:
    """The tree after GNU patch, called as rpm calls it; what it says where it fails."""
    write(tree, top / "t")
    command = ["patch", "-p1", "-s", "-f", "--fuzz=0", "--no-backup-if-mismatch", "-d", str(top / "t")]
    done = subprocess.run(command, input=diff, capture_output=True)
    if done.returncode:
        return (done.stdout + done.stderr).decode("utf-8", "replace")
    return read_tree(top / "t")


def git_apply(tree: Tree, diff: bytes, top: Path) -> Tree | str:
    """The tree after `git apply`; what it says where it fails."""
    write(tree, top / "t")
    done = subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=top / "t", input=diff, capture_output=True)
    return done.stderr.decode("utf-8", "replace") if done.returncode else read_tree(top / "t")
