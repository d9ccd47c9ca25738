"""The .changes file: its form, its dates, its references, each only in entries that are new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from functools import lru_cache

from generator import references
from generator.check.case import Case
from generator.check.rule import Hit, rule
from generator.sources.changes import SEPARATOR, Changes, Entry

_VC = "the form that osc vc writes (obs-build, vc)"
_DATES = "source_validator, 40-sequence-changes"
_BULLETS = re.compile(r"\n(?=\s*[-*] )")
_SEVEN_DIGITS = 1_000_000  # SUSE's bugs have passed this number in 2016


def _top(content: bytes) -> bytes:
    """The first entries of a .changes file; some hold twenty years of them."""
    at = 0
    for _ in range(4):
        at = content.find(b"\n----------------", at + 1)
        if at < 0:
            return content
    return content[: at + 1]


@lru_cache(maxsize=4)
def _parsed(name: str, content: bytes) -> Changes:
    return Changes.parse(name, content)


def _files(case: Case) -> Iterator[tuple[str, Changes]]:
    for name, file in case.sources.files.items():
        if name.endswith(".changes"):
            content = file.content if case.view.against else _top(file.content)
            yield name, _parsed(name, content)


def _new(case: Case) -> Iterator[tuple[str, Entry]]:
    """The new entries: those that the base does not have, without a base the one at the top."""
    before = case.view.against.sources.files if case.view.against else {}
    for name, changes in _files(case):
        base = _parsed(name, before[name].content) if name in before else None
        for entry in changes.new_since(base):
            yield name, entry


@rule(
    "changes-empty",
    "error",
    reason="A package is declined whose .changes file says nothing.",
    source="source_validator, 45-stale-changes",
    example="an empty docker.changes, or an entry without text",
)
def empty(case: Case) -> Iterator[Hit]:
    """A .changes file without an entry, or an entry without a text."""
    for name, changes in _files(case):
        if not changes.entries:
            yield Hit(f"{name} has no entry", name, 1, hint="write one with osc vc")
    for name, entry in _new(case):
        if not entry.body.strip():
            yield Hit("the entry says nothing", name, entry.line)


@rule(
    "changes-stale",
    "error",
    reason="A .changes file of no package is a leftover, and confuses everybody who looks for the right one.",
    source="source_validator, 45-stale-changes",
    example="docker-ce.changes beside docker.spec, which builds no docker-ce",
)
def stale(case: Case) -> Iterator[Hit]:
    """A .changes file that belongs to no package of the directory."""
    if not case.good:
        return
    names = {package.name for reading in case.good for package in reading.packages}
    names |= {spec.removesuffix(".spec") for spec in case.specs} | {case.sources.name}
    texts = [case.sources.files[spec].text for spec in case.specs]
    for name in case.sources.files:
        stem = name.removesuffix(".changes")
        if stem != name and stem not in names and not any(name in text for text in texts):
            yield Hit(f"{name} not a subpackage, please remove", name, 1)


@rule(
    "changes-separator",
    "error",
    reason="OBS takes entries apart at lines of exactly 67 dashes.",
    source=_VC,
    example="a line of 66 dashes",
)
def separator(case: Case) -> Iterator[Hit]:
    """A new entry whose separator is not 67 dashes."""
    for name, entry in _new(case):
        first = entry.raw.decode("utf-8", "surrogateescape").split("\n", 1)[0].rstrip("\r")
        if first != SEPARATOR:
            told = f"has {len(first)} dashes" if set(first) == {"-"} else "is not a line of dashes"
            yield Hit(f"the separator {told}, not 67", name, max(entry.line - 1, 1))


@rule(
    "changes-date",
    "error",
    reason="Dates are read by programs: by the validator, by rpm, by OBS.",
    source=_DATES,
    example="Fri Feb 17 10:00:00 UTC 2024, a Saturday",
)
def dates(case: Case) -> Iterator[Hit]:
    """A date of a new entry that cannot be read, has a false weekday, is out of order or in the future."""
    for name, entry in _new(case):
        if entry.date is None:
            yield Hit(f'INVALID DATE "{entry.header}"', name, entry.line, hint="write it as LC_ALL=C TZ=UTC date does")
        elif not entry.true_weekday:
            true = entry.date.strftime("%a")
            yield Hit(f"{entry.weekday} is a false weekday: {entry.date:%Y-%m-%d} is a {true}", name, entry.line)
        if entry.date and case.today and entry.date.astimezone(UTC).date() > case.today:
            yield Hit(f"{entry.date:%Y-%m-%d} is in the future", name, entry.line)
    for name, changes in _files(case):
        new = {id(entry) for entry in changes.entries[:1]} if case.view.against is None else None
        for later, earlier in zip(changes.entries, changes.entries[1:], strict=False):
            if new is not None and id(later) not in new:
                break
            if later.date and earlier.date and later.date < earlier.date:
                yield Hit("this entry is older than the one below it", name, later.line, hint="the newest comes first")


@rule(
    "changes-author",
    "warning",
    reason="Who asks about a change a year later needs somebody to write to.",
    source=_VC,
    example="an entry that ends with the year",
)
def author(case: Case) -> Iterator[Hit]:
    """A new entry without an address."""
    for name, entry in _new(case):
        if entry.date and not entry.address:
            yield Hit(f"{entry.author or 'nobody'} is no address", name, entry.line, hint="end with - Name <address>")


_MISTYPED = re.compile(
    r"\bCVE[ _:#]+\d{4}-\d+|\bcve-\d{4}-\d+|\bCVE-\d{4}(?!\d|-\d)|\bCVE-\d{4}-\d{1,3}(?!\d)"
    r"|\b(?:bsc|boo|bnc)(?:\s+\d{5,}|[#:]\s*(?!\s*\d)|-\d{5,})|\bjsc[ :-]\s*[A-Z]+-\d+",
    re.ASCII,
)


def _line(entry: Entry, position: int) -> int:
    return entry.body_line + entry.body.count("\n", 0, position)


@rule(
    "changes-reference",
    "warning",
    reason="OBS links references, and the maintenance team counts them, only where they are spelled as it knows them.",
    source="open-build-service, src/api/db/seeds.rb",
    example="bsc 1233819, CVE 2024-41110",
)
def reference(case: Case) -> Iterator[Hit]:
    """A reference in a new entry that OBS does not find, or that can hardly be true."""
    for name, entry in _new(case):
        for found in _MISTYPED.finditer(entry.body):
            yield Hit(
                f"{found[0].strip()!r} is not found as a reference",
                name,
                _line(entry, found.start()),
                hint="write bsc#1233819, CVE-2024-41110, jsc#PED-1",
            )
        for known in entry.references:
            if known.tracker == "bsc" and known.number.isdigit() and int(known.number) < _SEVEN_DIGITS:
                yield Hit(
                    f"{known.text} has {len(known.number)} digits; new bugs have seven",
                    name,
                    _line(entry, known.start),
                    severity="note" if entry.date is None or entry.date.year < 2017 else None,
                )


@rule(
    "changes-cve-without-bug",
    "note",
    reason="The update notice of a CVE is found by its bug.",
    source="SUSE's maintenance process: a request needs at least one bsc",
    example="- Fix CVE-2024-41110.",
)
def cve_without_bug(case: Case) -> Iterator[Hit]:
    """A bullet of a new entry that names a CVE and no bug."""
    for name, entry in _new(case):
        at = 0
        for bullet in _BULLETS.split(entry.body):
            found = references.find(bullet)
            cves = [one for one in found if one.tracker == "CVE"]
            if cves and not any(one.tracker != "CVE" for one in found):
                yield Hit(f"{cves[0]} stands without its bug", name, _line(entry, at + cves[0].start))
            at += len(bullet) + 1
