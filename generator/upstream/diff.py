"""A git-style diff of two trees, which `patch -p1 --fuzz=0` and `git apply` both accept.

Deterministic: paths in byte order, three lines of context, no renames, no timestamps. Blob ids are git's, shortened to
twelve digits, so that `git am -3` finds its base.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator

from generator.errors import InputError
from generator.upstream.tree import Entry, Tree

_CONTEXT = 3
_ID_LENGTH = 12
_NO_ID = b"0" * _ID_LENGTH
_NO_NEWLINE = b"\n\\ No newline at end of file\n"
_SECTION = re.compile(rb"[A-Za-z_$]")  # git's default for what names a place
_SECTION_LENGTH = 80
_Code = tuple[str, int, int, int, int]  # of difflib: what, and the lines of both sides
_ESCAPES = {7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 11: b"\\v", 12: b"\\f", 13: b"\\r", 34: b'\\"', 92: b"\\\\"}


def diff_trees(before: Tree, after: Tree) -> bytes:
    """What changes from one tree to the other; empty where nothing does.

    Raises:
        InputError: a changed file is binary (it has a NUL byte), which `patch` cannot apply.
    """
    out: list[bytes] = []
    for path in sorted({*before, *after}, key=_bytes):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        if old and new and old.is_link != new.is_link:  # git and patch want another kind of file made anew
            out += _file(path, old, None)
            out += _file(path, None, new)
        else:
            out += _file(path, old, new)
    return b"".join(out)


def _file(path: str, old: Entry | None, new: Entry | None) -> Iterator[bytes]:
    name = _bytes(path)
    yield b"diff --git %s %s\n" % (_quoted(b"a/" + name), _quoted(b"b/" + name))
    mode = b""
    if old and new:
        if old.mode != new.mode:
            yield b"old mode %o\nnew mode %o\n" % (old.mode, new.mode)
        else:
            mode = b" %o" % new.mode
    elif old:
        yield b"deleted file mode %o\n" % old.mode
    elif new:
        yield b"new file mode %o\n" % new.mode
    before, after = old.content if old else b"", new.content if new else b""
    if old and new and before == after:
        return
    if b"\0" in before or b"\0" in after:
        raise InputError(f"{path}: a binary file changes, which a patch cannot hold")
    yield b"index %s..%s%s\n" % (_blob_id(old), _blob_id(new), mode)
    if before == after:
        return
    yield b"--- %s\n" % (_quoted(b"a/" + name) if old else b"/dev/null")
    yield b"+++ %s\n" % (_quoted(b"b/" + name) if new else b"/dev/null")
    yield from _hunks(_lines(before), _lines(after))


def _hunks(old: list[bytes], new: list[bytes]) -> Iterator[bytes]:
    # Equal beginnings and ends are cut off first: the matcher takes time that grows with the square of the lines.
    head = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    most = min(len(old), len(new)) - head
    tail = next((i for i in range(most) if old[-1 - i] != new[-1 - i]), most)
    matcher = difflib.SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    codes: list[_Code] = [
        (tag, i1 + head, i2 + head, j1 + head, j2 + head)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]
    for group in _groups(codes):
        first, last = group[0], group[-1]
        lead = min(_CONTEXT, first[1])
        trail = min(_CONTEXT, len(old) - last[2])
        i, j, i_end, j_end = first[1] - lead, first[3] - lead, last[2] + trail, last[4] + trail
        section = _section(old, i)
        yield b"@@ -%s +%s @@%s\n" % (_range(i, i_end), _range(j, j_end), section)
        for _, i1, i2, j1, j2 in group:
            yield from (_line(b" ", line) for line in old[i:i1])
            yield from (_line(b"-", line) for line in old[i1:i2])
            yield from (_line(b"+", line) for line in new[j1:j2])
            i = i2
        yield from (_line(b" ", line) for line in old[i:i_end])


def _groups(codes: list[_Code]) -> Iterator[list[_Code]]:
    group: list[_Code] = []
    for code in codes:
        if group and code[1] - group[-1][2] > 2 * _CONTEXT:
            yield group
            group = []
        group.append(code)
    if group:
        yield group


def _section(lines: list[bytes], start: int) -> bytes:
    for line in reversed(lines[:start]):
        if _SECTION.match(line):
            return b" " + line.rstrip()[:_SECTION_LENGTH]
    return b""


def _range(start: int, end: int) -> bytes:
    if end - start == 1:
        return b"%d" % (start + 1)
    return b"%d,%d" % (start + (end > start), end - start)


def _line(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + _NO_NEWLINE


def _lines(content: bytes) -> list[bytes]:
    lines = [line + b"\n" for line in content.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _blob_id(entry: Entry | None) -> bytes:
    if entry is None:
        return _NO_ID
    blob = b"blob %d\0" % len(entry.content) + entry.content
    return hashlib.sha1(blob, usedforsecurity=False).hexdigest()[:_ID_LENGTH].encode()


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _quoted(name: bytes) -> bytes:
    """A name as git writes it, in quotes where it holds more than printable ASCII; also where it has blanks.

    Git leaves blanks bare, but patch cannot read them in a file's part that has no hunks.
    """
    if all(32 < byte < 127 and byte not in b'"\\' for byte in name):
        return name
    return b'"' + b"".join(_ESCAPES.get(b) or (b"\\%03o" % b if not 32 <= b < 127 else bytes([b])) for b in name) + b'"'
