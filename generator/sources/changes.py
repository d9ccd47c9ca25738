""".changes files: read in all the forms that exist, written in one.

The form is that of obs-build's `vc`: a separator of 67 dashes, the date as `LC_ALL=C TZ=UTC date` prints it, ` - `,
name and address, a blank line, bullets, a blank line. Newest first. What was written before stays as it is, byte for
byte.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property

import msgspec

from generator import references
from generator.errors import InputError
from generator.sources.bullets import DEFAULT_WIDTH, Bullet, format_bullets, parse_bullets, width_of
from generator.sources.speclines import physical_lines

SEPARATOR = "-" * 67

# How many of the newest entries show how a package wraps its text.
_ENTRIES_FOR_WIDTH = 10

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Offsets from UTC in hours, of the zones that entries name.
_ZONES = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MET": 1, "CEST": 2, "MEST": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "IST": 5.5, "CST": -6, "CDT": -5, "EST": -5, "EDT": -4, "MST": -7, "MDT": -6, "PST": -8,
    "PDT": -7, "JST": 9, "AEST": 10, "AEDT": 11, "BRT": -3, "BRST": -2, "CLT": -4, "NZST": 12, "NZDT": 13,
}  # fmt: skip

# Real separators have 58 to 72 dashes; shorter rows underline something.
_SEPARATOR = re.compile(r"-{50,}\s*\Z")
_HEADER = re.compile(
    r"(?P<day>[A-Z][a-z]{2})[a-z]*,?\s+"
    r"(?:(?P<month>[A-Z][a-z]{2})[a-z]*\s+(?P<date>\d{1,2})|(?P<date2>\d{1,2})\.?\s+(?P<month2>[A-Z][a-z]{2})[a-z]*)"
    r"\.?,?\s+"
    r"(?:(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?:\s+(?P<half>AM|PM))?\s+)?"
    r"(?:(?P<zone>[A-Z]{1,5}|[+-]\d{2,4})\s+)?"
    r"(?P<year>\d{4})"
    r"(?P<dash>\s*-+\s*|\s+|\Z)(?P<author>.*)\Z"
)
_LIKE_A_HEADER = re.compile(r"\s*(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*\b|(?:19|20)\d\d-\d\d-\d\d\b|.*\S@\S)")
_AUTHOR = re.compile(r"(?P<name>.*?)\s*<(?P<address>[^<>\s]+)>\s*\Z")
_NEW_AUTHOR = r"[^<>\n\r]*[^<>\s] <[^<>\s@]+@[^<>\s@]+>\Z"


class Entry(msgspec.Struct, frozen=True, dict=True):
    """One entry.

    `date` is None where the header has none that can be read; `zone` is the zone as written, taken as UTC where it is
    unknown. `author` is the text after the date, `body` the text without the blank lines around it, `header` the whole
    header line. `raw` is everything from the separator to the next. `line` is the number of the header's line,
    `body_line` that of the body's first.
    """

    date: datetime | None
    author: str
    body: str
    raw: bytes
    header: str = ""
    zone: str = ""
    weekday: str = ""
    line: int = 0
    body_line: int = 0

    @property
    def name(self) -> str:
        """The author's name; empty where there is only an address."""
        match = _AUTHOR.match(self.author)
        return match["name"] if match else ""

    @property
    def address(self) -> str:
        """The author's address; empty where there is none."""
        match = _AUTHOR.match(self.author)
        return match["address"] if match else self.author.strip() if "@" in self.author else ""

    @property
    def true_weekday(self) -> bool:
        """Whether the weekday belongs to the date, as it was written; a header without a date has none to be false."""
        if self.date is None:
            return True
        return self.weekday == _DAYS[self.date.weekday()]

    @cached_property
    def bullets(self) -> tuple[Bullet, ...]:
        """The body as bullets."""
        return parse_bullets(self.body)

    @cached_property
    def references(self) -> tuple[references.Reference, ...]:
        """The references in the body; `start` and `end` are positions in it."""
        return references.find(self.body)

    @property
    def identity(self) -> tuple[str, str]:
        """What is equal for an entry in two files, however it is spaced: its header and its words."""
        return " ".join(self.header.split()), " ".join(self.body.split())


class Changes(msgspec.Struct, frozen=True, dict=True):
    """A .changes file. `preface` is what stands before the first entry, nothing most of the time."""

    name: str
    preface: bytes
    entries: tuple[Entry, ...]

    @classmethod
    def parse(cls, name: str, content: bytes) -> Changes:
        """Read a .changes file; every content is one, though perhaps without entries."""
        return _Reader(name, content).read()

    def to_bytes(self) -> bytes:
        """The file's content; after `parse` exactly what was parsed."""
        return self.preface + b"".join(entry.raw for entry in self.entries)

    @property
    def newest(self) -> Entry | None:
        """The entry at the top."""
        return self.entries[0] if self.entries else None

    @cached_property
    def width(self) -> int:
        """The width at which the newest entries are wrapped."""
        return width_of(entry.body for entry in self.entries[:_ENTRIES_FOR_WIDTH])

    def prepend(self, entry: Entry) -> Changes:
        """The file with an entry put on top; all that was there follows unchanged.

        A file that begins without a separator (some do) gets the one that its first entry lacks.
        """
        content = self.to_bytes()
        begins = content.lstrip().split(b"\n", 1)[0].decode("utf-8", "surrogateescape")
        between = "" if not begins or _SEPARATOR.match(begins) else SEPARATOR + "\n"
        return Changes.parse(self.name, entry.raw + between.encode() + content)

    def new_since(self, base: Changes | None) -> tuple[Entry, ...]:
        """The entries that the base does not have, in their order; without a base the one at the top.

        An entry whose text changed counts as changed (`changed_since`), not as new.
        """
        return self.entries[:1] if base is None else self._against(base)[0]

    def changed_since(self, base: Changes) -> tuple[tuple[Entry, Entry], ...]:
        """Entries of the base whose text is another here, as (before, after); their headers are the same."""
        return self._against(base)[1]

    def missing_since(self, base: Changes) -> tuple[Entry, ...]:
        """Entries of the base that are not here."""
        return self._against(base)[2]

    def _against(self, base: Changes) -> tuple[tuple[Entry, ...], tuple[tuple[Entry, Entry], ...], tuple[Entry, ...]]:
        """New, changed and missing entries. Several may have one header; equal ones are matched first."""
        equal = Counter(entry.identity for entry in self.entries) & Counter(entry.identity for entry in base.entries)
        here, there = _without(self.entries, equal), _without(base.entries, equal)
        before: dict[str, list[Entry]] = {}
        for entry in there:
            before.setdefault(entry.identity[0], []).append(entry)
        new, changed = [], []
        for entry in here:
            partners = before.get(entry.identity[0])
            if partners:
                changed.append((partners.pop(0), entry))
            else:
                new.append(entry)
        left = {id(entry) for partners in before.values() for entry in partners}
        return tuple(new), tuple(changed), tuple(entry for entry in there if id(entry) in left)

    def keeps(self, base: Changes) -> bool:
        """Whether the base's bytes are an exact suffix of this file's."""
        return self.to_bytes().endswith(base.to_bytes())


def _without(entries: Sequence[Entry], some: Counter[tuple[str, str]]) -> list[Entry]:
    """The entries without some of them; of equal ones the oldest stay out, since new ones are put on top."""
    left, kept = Counter(some), []
    for entry in reversed(entries):
        if left[entry.identity]:
            left[entry.identity] -= 1
        else:
            kept.append(entry)
    return kept[::-1]


def new_entry(date: datetime, author: str, bullets: Sequence[Bullet], width: int = DEFAULT_WIDTH) -> Entry:
    """An entry in the strict form.

    Raises:
        InputError: the author is not `Name <address>`, or there is no text.
        ValueError: the date has no time zone.
    """
    if date.tzinfo is None:
        raise ValueError("the date of an entry needs a time zone")
    if not re.match(_NEW_AUTHOR, author):
        raise InputError(f"the author of an entry is {author!r}", hint="write it as `Name <address>`")
    if not bullets:
        raise InputError("a changes entry needs at least one bullet")
    raw = f"{SEPARATOR}\n{header(date, author)}\n\n{format_bullets(bullets, width)}\n"
    (entry,) = Changes.parse("", raw.encode("utf-8", "surrogateescape")).entries
    return entry


def header(date: datetime, author: str) -> str:
    """The header line of an entry, in UTC, with a day that is padded by a blank."""
    utc = date.astimezone(UTC)
    return (
        f"{_DAYS[utc.weekday()]} {_MONTHS[utc.month - 1]} {utc.day:2d} "
        f"{utc.hour:02d}:{utc.minute:02d}:{utc.second:02d} UTC {utc.year:04d} - {author}"
    )


class _Reader:
    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.lines = [text + end for text, end in physical_lines(content.decode("utf-8", "surrogateescape"))]

    def read(self) -> Changes:
        starts = list(self.starts())
        ends = [start for start, _ in starts[1:]] + [len(self.lines)]
        entries = [self.entry(start, head, end) for (start, head), end in zip(starts, ends, strict=bool(starts))]
        preface = self.lines[: starts[0][0]] if starts else self.lines
        return Changes(self.name, _bytes(preface), tuple(entries))

    def starts(self) -> list[tuple[int, int]]:
        """The positions of the first line and of the header line of every entry."""
        found: list[tuple[int, int]] = []
        at = 0
        while at < len(self.lines):
            line = self.lines[at]
            if line.startswith("-") and _SEPARATOR.match(line):
                head = at + 1
                while head < len(self.lines) and (not self.lines[head].strip() or _SEPARATOR.match(self.lines[head])):
                    head += 1
                if head < len(self.lines) and _LIKE_A_HEADER.match(self.lines[head]):
                    found.append((at, head))
                    at = head
            elif line[:1].isupper() and (match := _HEADER.match(line.rstrip())) and _moment(match) and "@" in line:
                found.append((at, at))
            at += 1
        return found

    def entry(self, start: int, head: int, end: int) -> Entry:
        text = self.lines[head].strip()
        match = _HEADER.match(text)
        date = _moment(match) if match else None
        if match and date:
            author, zone, weekday = match["author"], match["zone"] or "", match["day"]
        else:
            author, zone, weekday = text.rpartition(" - ")[2].strip() if " - " in text else "", "", ""
        first, last = head + 1, end
        while first < last and not self.lines[first].strip():
            first += 1
        while last > first and (not self.lines[last - 1].strip() or _SEPARATOR.match(self.lines[last - 1])):
            last -= 1
        body = "".join(self.lines[first:last]).replace("\r\n", "\n").rstrip("\n")
        raw = _bytes(self.lines[start:end])
        return Entry(date, author.strip(), body, raw, text, zone, weekday, head + 1, first + 1)


def _bytes(lines: Sequence[str]) -> bytes:
    return "".join(lines).encode("utf-8", "surrogateescape")


def _moment(match: re.Match[str]) -> datetime | None:
    """The date of a header, None where there is no such day or time."""
    month = match["month"] or match["month2"]
    if month not in _MONTHS or match["day"] not in _DAYS:
        return None
    zone = match["zone"] or ""
    hours = _ZONES.get(zone, 0.0)
    if zone[:1] in ("+", "-"):
        digits = zone[1:].ljust(4, "0")
        hours = (int(digits[:2]) + int(digits[2:]) / 60) * (-1 if zone[0] == "-" else 1)
    hour = int(match["hour"] or 0)
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] == "PM" else 0)
    try:
        return datetime(
            int(match["year"]),
            _MONTHS.index(month) + 1,
            int(match["date"] or match["date2"]),
            hour,
            int(match["minute"] or 0),
            int(match["second"] or 0),
            tzinfo=timezone(timedelta(hours=hours)),
        )
    except ValueError:
        return None
