"""Unified diffs: files, hunks and lines, exactly as they are written.

Every byte of the input belongs to one part, so that the parts put together are the input again. What is read, and what
is tolerated, follows GNU patch and `git apply`: git's extended headers, quoted names, `/dev/null` and the epoch for a
file that does not exist, blank context lines that lost their one space, up to three of them missing at the very end,
a last line without its end.
"""

from __future__ import annotations

import io
import re
from pathlib import PurePosixPath
from typing import Literal

import msgspec

from generator.errors import InputError
from generator.origin import Origin

Kind = Literal["modify", "create", "delete", "rename", "copy"]

_HUNK = re.compile(rb"@@ -(\d{1,18})(?:,(\d{1,18}))? \+(\d{1,18})(?:,(\d{1,18}))? @@")
_HEADING = re.compile(rb"(?:diff |Index: |={20,}|RCS file: |retrieving revision |index [0-9a-f]+\.\.)")
_EXTENDED = re.compile(
    rb"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to|similarity index|"
    rb"dissimilarity index|index) (.*?)\r?\n?\Z",
    re.DOTALL,
)
_STAMP = re.compile(r"\s+(?:\d{4}-\d\d-\d\d\s.*|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s.*)\Z")
_EPOCH = re.compile(r"\s*(?:1970-01-01 |1969-12-31 |Thu,? Jan +1 |Wed,? Dec 31 )")
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_LOST_AT_THE_END = 3


class Line(msgspec.Struct, frozen=True):
    r"""One line of a hunk: `kind` is a space (in both files), `-` or `+`.

    `content` is the line of the file with its exact end: `\n`, `\r\n`, or none where the diff says that the file has
    no newline at its end. `raw` is what the diff holds, that remark included.
    """

    kind: str
    content: bytes
    raw: bytes

    def without_carriage_return(self) -> Line:
        r"""The line with its `\r` before the end dropped, as GNU patch does in a diff whose header has them."""
        bare = self.content.removesuffix(b"\n")
        end = self.content[len(bare) :]
        return Line(self.kind, bare.removesuffix(b"\r") + end, self.raw)


class Hunk(msgspec.Struct, frozen=True):
    """A change at one place. Lines count from 1; a start of 0 with a count of 0 is an empty or missing file.

    `heading` is the whole `@@` line, `section` what stands in it after the second `@@`; `line` is its number in the
    patch file, from 1.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[Line, ...]
    heading: bytes
    line: int

    @property
    def section(self) -> bytes:
        """What the heading names as the place, a function most of the time."""
        return self.heading[self.heading.index(b"@@", 2) + 2 :].strip()

    @property
    def old(self) -> tuple[bytes, ...]:
        """The lines that the hunk expects, with their ends."""
        return tuple(line.content for line in self.lines if line.kind != "+")

    @property
    def new(self) -> tuple[bytes, ...]:
        """The lines that the hunk leaves, with their ends."""
        return tuple(line.content for line in self.lines if line.kind != "-")


class FileDiff(msgspec.Struct, frozen=True):
    """What happens to one file.

    Paths are as written, with a prefix such as `a/` (`stripped` removes it), None for `/dev/null`. Modes are octal
    text as git writes it (`100755`), None where the diff does not tell. `index_name` is the argument of `Index:`.
    `binary` diffs (git's, or `Binary files … differ`) have no hunks. `header` are the raw lines before the first hunk,
    text between two files included; `line` is the number of the first line that names the file.
    """

    old_path: str | None
    new_path: str | None
    kind: Kind
    hunks: tuple[Hunk, ...]
    header: tuple[bytes, ...]
    line: int
    old_mode: str | None = None
    new_mode: str | None = None
    index_name: str | None = None
    binary: bool = False
    git: bool = False
    carriage_returns: bool = False  # the header's lines end in \r\n: GNU patch then drops each \r from the hunks

    @property
    def path(self) -> str:
        """The path of the file after the change; of a deleted file the one before."""
        return (self.old_path if self.kind == "delete" else self.new_path) or self.old_path or self.new_path or ""

    def stripped(self, path: str | None, count: int = 1) -> str | None:
        """A path without its first `count` folders, as `patch -pN` takes it; None stays None.

        A path that has fewer folders becomes empty.
        """
        if path is None:
            return None
        parts = re.sub(r"/+", "/", path).split("/")
        return "/".join(parts[count:])


class Diff(msgspec.Struct, frozen=True):
    """A parsed diff: the lines before the first file, the files, and the lines after the last hunk."""

    preamble: tuple[bytes, ...]
    files: tuple[FileDiff, ...]
    trailer: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """The diff as it was read."""
        parts = list(self.preamble)
        for file in self.files:
            parts += file.header
            for hunk in file.hunks:
                parts.append(hunk.heading)
                parts += (line.raw for line in hunk.lines)
        return b"".join([*parts, *self.trailer])


def parse_diff(name: str, content: bytes) -> Diff:
    """Read a diff, and whatever stands around it.

    Raises:
        InputError: a hunk does not hold what its heading says, or belongs to no file; the diff is a context diff or
            a merge's. The origin is the line in the file `name`.
    """
    return _Parser(name, io.BytesIO(content).readlines()).parse()


class _Header(msgspec.Struct):
    """A file's header while it is read."""

    start: int
    old: str | None = None
    new: str | None = None
    git_line: str | None = None
    index_name: str | None = None
    fields: dict[bytes, str] = {}
    old_missing: bool = False
    new_missing: bool = False
    old_epoch: bool = False
    new_epoch: bool = False
    binary: bool = False
    carriage_returns: bool = False


class _Parser:
    def __init__(self, name: str, lines: list[bytes]) -> None:
        self.name = name
        self.lines = lines
        self.at = 0

    def fail(self, index: int, message: str, hint: str = "") -> InputError:
        return InputError(message, Origin(PurePosixPath(self.name), index + 1), hint)

    def peek(self, offset: int = 0) -> bytes:
        index = self.at + offset
        return self.lines[index] if index < len(self.lines) else b""

    def parse(self) -> Diff:
        preamble: tuple[bytes, ...] | None = None
        files: list[FileDiff] = []
        pending = 0  # the first line that belongs to no part yet
        while self.at < len(self.lines):
            if not self.starts_file():
                self.refuse_strangers()
                self.at += 1
                continue
            if preamble is None:
                pending = self.heading_start(self.at)
                preamble = tuple(self.lines[:pending])
            header = self.header(pending)
            raw = tuple(self.lines[pending : self.at])
            hunks = []
            while match := _HUNK.match(self.peek()):
                hunks.append(self.hunk(match))
            files.append(self.file(header, raw, tuple(hunks)))
            pending = self.at
        if preamble is None:
            preamble, pending = tuple(self.lines), len(self.lines)
        return Diff(preamble, tuple(files), tuple(self.lines[pending:]))

    def starts_file(self) -> bool:
        line = self.peek()
        if line.startswith(b"diff --git "):
            return True
        return line.startswith(b"--- ") and self.peek(1).startswith(b"+++ ") and bool(_HUNK.match(self.peek(2)))

    def refuse_strangers(self) -> None:
        line = self.peek()
        if _HUNK.match(line):
            raise self.fail(self.at, "this hunk belongs to no file", "is a line of the hunk before it too many?")
        if line.startswith((b"diff --cc ", b"diff --combined ")):
            raise self.fail(self.at, "a merge's diff cannot be applied", "make it with `git diff A B`")
        if line.startswith(b"*** ") and self.peek(1).startswith(b"--- ") and self.peek(2).startswith(b"*" * 15):
            raise self.fail(self.at, "a context diff is not read", "make a unified one (`diff -u`)")

    def heading_start(self, index: int) -> int:
        while index > 0 and _HEADING.match(self.lines[index - 1]):
            index -= 1
        return index

    def header(self, pending: int) -> _Header:
        header = _Header(self.at)
        for line in self.lines[pending : self.at]:
            if line.startswith(b"Index: "):
                header.index_name = _text(line[7:]).strip()
        if self.peek().startswith(b"diff --git "):
            self.git_header(header)
        if self.peek().startswith(b"--- ") and self.peek(1).startswith(b"+++ ") and _HUNK.match(self.peek(2)):
            header.old, header.old_missing, header.old_epoch = _file_name(self.peek())
            header.new, header.new_missing, header.new_epoch = _file_name(self.peek(1))
            header.carriage_returns = self.peek(1).endswith(b"\r\n")
            self.at += 2
        return header

    def git_header(self, header: _Header) -> None:
        header.git_line = _text(self.peek()[11:]).rstrip("\r\n")
        header.carriage_returns = self.peek().endswith(b"\r\n")
        self.at += 1
        while match := _EXTENDED.match(self.peek()):
            header.fields[match[1]] = _text(match[2])
            self.at += 1
        if self.peek().startswith(b"GIT binary patch"):
            header.binary = True
            self.at += 1
            while re.match(rb"(?:literal|delta) \d+\r?\n", self.peek()):
                while self.peek().strip():
                    self.at += 1
                while self.peek() and not self.peek().strip():
                    self.at += 1
        elif self.peek().startswith(b"Binary files "):
            header.binary = True
            self.at += 1

    def hunk(self, match: re.Match[bytes]) -> Hunk:
        start = self.at
        heading = self.peek()
        old_start, old_count, new_start, new_count = (1 if group is None else int(group) for group in match.groups())
        self.at += 1
        old, new, lines = old_count, new_count, []
        while old > 0 or new > 0:
            if self.at >= len(self.lines):
                if old == new <= _LOST_AT_THE_END:
                    lines += [Line(" ", b"\n", b"")] * old
                    break
                raise self.fail(start, f"the patch ends within this hunk, {old} old and {new} new lines are missing")
            line = self.hunk_line()
            old -= line.kind != "+"
            new -= line.kind != "-"
            if old < 0 or new < 0:
                raise self.fail(start, "this hunk has other lines than its heading says", "were they edited by hand?")
            lines.append(line)
        return Hunk(old_start, old_count, new_start, new_count, tuple(lines), heading, start + 1)

    def hunk_line(self) -> Line:
        raw = self.peek()
        kind = raw[:1]
        if kind in b" +-":
            content = raw[1:]
        elif kind in b"\t\n" or raw == b"\r\n":
            kind, content = b" ", raw
        else:
            raise self.fail(self.at, "this line of a hunk begins with none of space, + and -")
        if not content.endswith(b"\n"):
            content += b"\n"
        self.at += 1
        if self.peek().startswith(b"\\ "):
            raw += self.peek()
            content = content.removesuffix(b"\n")
            self.at += 1
        return Line(kind.decode(), content, raw)

    def file(self, header: _Header, raw: tuple[bytes, ...], hunks: tuple[Hunk, ...]) -> FileDiff:
        old, new = header.old, header.new
        if header.git_line is not None and not old and not new:
            old, new = _git_names(header)
        if not old and not new:
            raise self.fail(header.start, "this diff names no file")
        created = b"new file mode" in header.fields or header.old_missing
        deleted = b"deleted file mode" in header.fields or header.new_missing
        if len(hunks) == 1:
            hunk = hunks[0]
            created = created or (header.old_epoch and hunk.old_start == hunk.old_count == 0)
            deleted = deleted or (header.new_epoch and hunk.new_start == hunk.new_count == 0)
        kind: Kind = "modify"
        if created or deleted:
            kind = "create" if created else "delete"
        elif b"rename from" in header.fields or b"copy from" in header.fields:
            kind = "rename" if b"rename from" in header.fields else "copy"
        index = header.fields.get(b"index", "").partition(" ")[2] or None
        return FileDiff(
            old_path=None if created and header.git_line is not None else old,
            new_path=None if deleted and header.git_line is not None else new,
            kind=kind,
            hunks=hunks,
            header=raw,
            line=header.start + 1,
            old_mode=header.fields.get(b"old mode") or header.fields.get(b"deleted file mode") or index,
            new_mode=header.fields.get(b"new mode") or header.fields.get(b"new file mode") or index,
            index_name=header.index_name,
            binary=header.binary,
            git=header.git_line is not None,
            carriage_returns=header.carriage_returns,
        )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _unquote(text: str) -> tuple[str, str]:
    """A name in git's quotes at the beginning of `text`, and what follows it; without quotes an empty name."""
    match = re.match(r'"((?:[^"\\]|\\.)*)"', text)
    if match is None:
        return "", text
    raw = bytearray()
    for escape, plain in re.findall(r"\\([0-7]{1,3}|.)|([^\\]+)", match[1]):
        if plain:
            raw += plain.encode("utf-8", "surrogateescape")
        elif escape[0] in "01234567":
            raw.append(int(escape, 8) & 255)
        else:
            raw += bytes([_ESCAPES[escape]]) if escape in _ESCAPES else escape.encode("utf-8", "surrogateescape")
    return _text(bytes(raw)), text[match.end() :]


def _file_name(line: bytes) -> tuple[str | None, bool, bool]:
    """The name in a `---` or `+++` line (None for /dev/null), whether that says it is missing, and by the epoch."""
    text = _text(line[4:]).rstrip("\r\n")
    name, rest = _unquote(text)
    if not name:
        name, tab, rest = text.partition("\t")
        if not tab and (stamp := _STAMP.search(name)):
            name, rest = name[: stamp.start()], stamp[0]
        name = name.rstrip()
    if name == "/dev/null":
        return None, True, True
    return name, False, bool(_EPOCH.match(rest))


def _git_names(header: _Header) -> tuple[str, str]:
    """The two names of a `diff --git` line; those with blanks are told apart by what else the header says."""
    text = header.git_line or ""
    name, rest = _unquote(text)
    if name:
        second = rest.removeprefix(" ")
        return name, _unquote(second)[0] or second
    candidates = []
    for match in re.finditer(" ", text):
        left, right = text[: match.start()], text[match.end() :]
        candidates.append((left, _unquote(right)[0] or right))
    if not candidates:
        return text, text
    moved = [
        (_unquote(value)[0] or value)
        for key in ((b"rename from", b"rename to"), (b"copy from", b"copy to"))
        for part in key
        if (value := header.fields.get(part)) is not None
    ]
    for left, right in candidates:
        if len(moved) == 2:
            if left.endswith(moved[0]) and right.endswith(moved[1]):
                return left, right
        elif left == right or left.partition("/")[2] == right.partition("/")[2] != "":
            return left, right
    return candidates[0]
