"""What holds where: packages, features, expectations and rules in rows, targets in columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from generator.check.expect import applied, described, met
from generator.check.report import Report
from generator.errors import InputError
from generator.reading import Reading

_COLUMN = 3
_SIGNS = {"yes": "+", "NO": "!"}
_LEGEND = "+ yes   - no   ! not as expected"


class Row(NamedTuple):
    """One row. A mark is `yes`, `-` (no), `NO` (should be, and is not), a number, or empty (nothing is asked there)."""

    kind: str
    label: str
    marks: tuple[str, ...]


def what_holds(report: Report, targets: Sequence[str]) -> tuple[Row, ...]:
    """The rows for these targets: what is read, packages, features, what differs, expectations, rules."""
    shipped = [reading for reading in report.view.readings if not reading.features]
    readings = [[reading for reading in shipped if reading.target == target] for target in targets]
    return (
        *_rows("reads", readings, lambda reading: [_spec(reading)], lambda reading: not reading.error),
        *_rows("package", readings, lambda reading: [package.name for package in reading.packages]),
        *_rows("feature", readings, lambda reading: reading.states, lambda reading, name: reading.states[name]),
        *_differing("patch", readings, applied),
        *_differing("depends", readings, _dependencies),
        *_expectations(report, readings),
        *_findings(report, targets),
    )


def _spec(reading: Reading) -> str:
    return f"{reading.spec} ({reading.flavour})" if reading.flavour else reading.spec


def _dependencies(reading: Reading) -> Iterator[str]:
    for package in reading.packages:
        for kind, dependencies in package.dependencies.items():
            if kind != "provides":
                for dependency in dependencies:
                    yield f"{package.name} {kind} {dependency.text}"


def _rows(
    kind: str,
    readings: Sequence[Sequence[Reading]],
    facts: Callable[[Reading], Iterable[str]],
    holds: Callable[..., bool] | None = None,
) -> Iterator[Row]:
    found: dict[str, list[str]] = {}
    for column, column_readings in enumerate(readings):
        for reading in column_readings:
            for name in facts(reading):
                marks = found.setdefault(name, ["-"] * len(readings))
                if holds is None or (holds(reading, name) if kind == "feature" else holds(reading)):
                    marks[column] = "yes"
                elif kind == "reads":
                    marks[column] = "NO"
    for name, marks in found.items():
        yield Row(kind, name, tuple(marks))


def _differing(
    kind: str, readings: Sequence[Sequence[Reading]], facts: Callable[[Reading], Iterable[str]]
) -> Iterator[Row]:
    for row in _rows(kind, readings, facts):
        read = {mark for mark, column in zip(row.marks, readings, strict=True) if any(not r.error for r in column)}
        if len(read) > 1:
            yield row


def _expectations(report: Report, readings: Sequence[Sequence[Reading]]) -> Iterator[Row]:
    for expectation in report.view.sources.expectations:
        marks = []
        for column in readings:
            told: set[bool | None] = set()
            for reading in column:
                try:
                    told.add(met(expectation, reading, report.view.targets[reading.target]))
                except InputError:  # a rule tells of it, with its line
                    told.add(False)
            marks.append("NO" if False in told else "yes" if True in told else "")
        try:
            label = described(expectation, report.view.sources.name)
        except InputError:
            label = expectation.fact
        yield Row("expects", label + (f" ({expectation.because})" if expectation.because else ""), tuple(marks))


def _findings(report: Report, targets: Sequence[str]) -> Iterator[Row]:
    counts: dict[str, list[int]] = {}
    for finding in report.findings:
        if finding.severity != "note":
            row = counts.setdefault(finding.rule, [0] * len(targets))
            for column, target in enumerate(targets):
                row[column] += not finding.targets or target in finding.targets
    for name, row in sorted(counts.items()):
        yield Row("found", name, tuple(str(count) if count else "-" for count in row))


def draw(rows: Sequence[Row], targets: Sequence[str], width: int) -> Iterator[str]:
    """The table in lines of at most `width` columns; several tables below each other where the targets do not fit."""
    most = max(1, (width - width // 2) // _COLUMN)
    for start in range(0, len(targets), most):
        part = slice(start, start + most)
        if start:
            yield ""
        yield from _drawn([Row(row.kind, row.label, row.marks[part]) for row in rows], targets[part], width)
    yield _LEGEND


def _drawn(rows: Sequence[Row], targets: Sequence[str], width: int) -> Iterator[str]:
    from textwrap import wrap

    room = width - _COLUMN * len(targets)
    longest = max((len(row.label) for row in rows), default=0) + 10
    room = max(min(room, longest), 30)  # a target's name fits beside the title
    title = "what holds where"
    for column in reversed(range(len(targets))):
        # Names end above their column, so that the last ones do not pass the right edge.
        name = title + targets[column].rjust(room + _COLUMN * column + 1 - len(title))
        yield name + "".join("|".rjust(_COLUMN) for _ in targets[column + 1 :])
        title = ""
    kind = None
    for row in rows:
        first, *rest = wrap(row.label, room - 10, break_long_words=True, break_on_hyphens=False) or [""]
        lead = row.kind if row.kind != kind else ""
        kind = row.kind
        marks = "".join(_SIGNS.get(mark, mark).ljust(_COLUMN) for mark in row.marks)
        yield f"{lead:9}{first:{room - 9}}{marks}".rstrip()
        for line in rest:
            yield f"{'':11}{line}"[:width]
