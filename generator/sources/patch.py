"""A patch file: the mail around it, and its diff.

The mail may be complete (`git format-patch`), a few `Key: value` lines, plain text, or missing; a kernel-style series
writes its lines as comments (`# Subject: …`). All of it is kept as it is; the fields are read for what a package needs:
who, when, what, and which references.
"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header
from functools import cached_property

import msgspec

from generator import references
from generator.sources.diff import Diff, FileDiff, Hunk, Line, parse_diff

__all__ = ["Diff", "Field", "FileDiff", "Hunk", "Line", "Patch", "parse_diff"]

_FIELD = re.compile(r"(?:# ?)?([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)\Z", re.DOTALL)
_MBOX = re.compile(r"From [0-9a-f]{7,} |From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ")
_SERIES_MARK = re.compile(r"(?:\[[^]]*\]\s*)+")
_CONTINUATION = re.compile(r"[ \t]+\S")


class Field(msgspec.Struct, frozen=True):
    """One `Name: value` of a patch's mail: unfolded, its encoded words decoded. `line` counts from 1."""

    name: str
    value: str
    line: int


class Patch(msgspec.Struct, frozen=True, dict=True):
    """A patch file. `name` is its file's name; `to_bytes()` gives back exactly what was parsed."""

    name: str
    diff: Diff

    @classmethod
    def parse(cls, name: str, content: bytes) -> Patch:
        """Read a patch. One that changes nothing (no diff in it) has no files.

        Raises:
            InputError: the diff in it is damaged, or of a kind that is not read; with file and line.
        """
        return cls(name, parse_diff(name, content))

    def to_bytes(self) -> bytes:
        """The patch as it was read."""
        return self.diff.to_bytes()

    @property
    def files(self) -> tuple[FileDiff, ...]:
        """What happens to each file, in the order of the diff; a file may occur more than once."""
        return self.diff.files

    @property
    def header_lines(self) -> tuple[bytes, ...]:
        """The lines before the diff, with their ends."""
        return self.diff.preamble

    @cached_property
    def header_text(self) -> str:
        """The text before the diff, line ends as newlines; bytes that are not UTF-8 survive as surrogates."""
        return b"".join(self.diff.preamble).decode("utf-8", "surrogateescape").replace("\r\n", "\n")

    @cached_property
    def _parts(self) -> tuple[tuple[Field, ...], int]:
        """The fields at the top, and the number of lines they take."""
        lines = self.header_text.split("\n")
        at = 1 if _MBOX.match(lines[0]) else 0
        while at < len(lines) and not lines[at].strip("# \t"):
            at += 1
        fields: list[Field] = []
        while at < len(lines) and (match := _FIELD.match(lines[at])):
            start, value = at, match[2]
            at += 1
            while at < len(lines) and _CONTINUATION.match(lines[at]):
                value += " " + lines[at].strip()
                at += 1
            fields.append(Field(match[1], _decoded(value.strip()), start + 1))
        return tuple(fields), at if fields else 0

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields at the top of the mail, in their order."""
        return self._parts[0]

    @cached_property
    def body(self) -> str:
        """The text after the fields and before the diff, without the `---` and the statistics that git writes."""
        lines = self.header_text.split("\n")[self._parts[1] :]
        text = "\n".join(lines)
        return re.split(r"^---[ \t]*$", text, maxsplit=1, flags=re.MULTILINE)[0].strip("\n")

    @cached_property
    def trailers(self) -> tuple[Field, ...]:
        """The `Name: value` lines of the body's last paragraph (`Signed-off-by`, `SUSE-Bugs`)."""
        lines = self.header_text.split("\n")
        first = self._parts[1]
        end = next((i for i in range(first, len(lines)) if re.fullmatch(r"---[ \t]*", lines[i])), len(lines))
        while end > first and not lines[end - 1].strip():
            end -= 1
        start = end
        while start > first and lines[start - 1].strip():
            start -= 1
        matches = [(index, _FIELD.match(lines[index])) for index in range(start, end)]
        return tuple(Field(match[1], match[2].strip(), index + 1) for index, match in matches if match)

    def values(self, name: str) -> tuple[str, ...]:
        """The values of the fields and trailers of this name, whatever its capitals."""
        return tuple(field.value for field in self.fields + self.trailers if field.name.lower() == name.lower())

    def _first(self, name: str) -> str:
        return next(iter(self.values(name)), "")

    @property
    def subject(self) -> str:
        """The subject without marks such as `[PATCH 3/10]`; empty where the patch has none."""
        subject = self._first("Subject")
        return _SERIES_MARK.sub("", subject, count=1) if _SERIES_MARK.match(subject) else subject

    @property
    def author(self) -> str:
        """Who wrote it, `Name <address>`, as the field From says; empty where the patch does not tell."""
        return self._first("From")

    @property
    def date(self) -> str:
        """The field Date as written; empty where the patch has none."""
        return self._first("Date")

    @cached_property
    def references(self) -> tuple[references.Reference, ...]:
        """All references in the text before the diff, in their order; `start` and `end` count in `header_text`."""
        return references.find(self.header_text)


def _decoded(value: str) -> str:
    """A field's value with its encoded words (RFC 2047) decoded; what cannot be decoded stays as it is."""
    if "=?" not in value:
        return value
    try:
        parts = decode_header(value)
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "ascii", "replace") for part, charset in parts
        )
    except (HeaderParseError, LookupError, ValueError):
        return value
