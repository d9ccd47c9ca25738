"""Findings as text: for people, at 80 columns, in a pipe too."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from itertools import groupby

from generator.check.finding import SEVERITIES, Finding
from generator.check.report import Report
from generator.check.report.table import draw, what_holds
from generator.check.rule import all_rules

_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "note": "\x1b[36m", "strong": "\x1b[1m", "faint": "\x1b[2m"}
_INDENT = "    "


def text(report: Report, *, colour: bool, width: int, table: bool) -> str:
    """The report as text. The reason of a rule is told once, with its first finding."""
    return "\n".join(_lines(report, _Paint(colour), width, table)) + "\n"


class _Paint:
    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, kind: str, words: str) -> str:
        return f"{_COLOURS[kind]}{words}\x1b[0m" if self.colour else words


def _lines(report: Report, paint: _Paint, width: int, table: bool) -> Iterable[str]:
    reasons = {rule.id: rule.reason for rule in all_rules()}
    hints: set[tuple[str, str]] = set()
    for file, findings in groupby(report.findings, key=lambda finding: finding.file):
        yield paint("strong", report.path(file))
        for finding in findings:
            # What was said a line above need not be said again.
            hint = "" if (finding.rule, finding.hint) in hints else finding.hint
            hints.add((finding.rule, finding.hint))
            yield from _finding(finding, report, paint, width, reasons.pop(finding.rule, ""), hint)
        yield ""
    if table:
        targets = list(report.view.targets)
        yield from draw(what_holds(report, targets), targets, width)
        yield ""
    yield _summary(report, paint)


def _finding(finding: Finding, report: Report, paint: _Paint, width: int, reason: str, hint: str) -> Iterable[str]:
    head = f"  {finding.line}: {finding.severity}: "
    lines = textwrap.wrap(
        f"{head}{finding.message} [{finding.rule}]",
        width,
        subsequent_indent=_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield lines[0].replace(f"{finding.severity}:", paint(finding.severity, f"{finding.severity}:"), 1)
    yield from lines[1:]
    places = []
    if finding.origin:
        places.append(f"written in {finding.origin}")
    if finding.related:
        places.append("macros from " + ", ".join(map(str, finding.related)))
    targets = summarised(finding.targets, report.view.targets)
    if finding.targets or finding.severity != "note":
        places.append(f"on {targets}")
    for kind, words in (("", "; ".join(places)), ("why: ", reason), ("do: ", hint)):
        if words:
            for line in textwrap.wrap(
                kind + words,
                width,
                initial_indent=_INDENT,
                subsequent_indent=_INDENT + " " * len(kind),
                break_long_words=False,
                break_on_hyphens=False,
            ):
                yield paint("faint", line) if kind != "do: " else line


def summarised(targets: Iterable[str], of: Iterable[str]) -> str:
    """Names of targets, shortly: `all 10 targets`, `all 10 targets but sle12`, or the names."""
    all_targets = set(of)
    named = set(targets) & all_targets or all_targets
    missing = sorted(all_targets - named)
    if not missing:
        return f"all {len(all_targets)} targets" if len(all_targets) != 1 else next(iter(all_targets))
    if len(missing) * 2 < len(named):
        return f"all {len(all_targets)} targets but {', '.join(missing)}"
    return ", ".join(sorted(named))


def _summary(report: Report, paint: _Paint) -> str:
    counts = [(severity, report.count(severity)) for severity in SEVERITIES]
    told = [paint(severity, f"{count} {severity}{'s' * (count != 1)}") for severity, count in counts if count]
    where = summarised((), report.view.targets)
    return f"{paint('strong', report.package)}: {', '.join(told) or 'nothing to say'} ({where})"
