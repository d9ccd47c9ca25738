"""How findings are told: as text for people, as JSON for programs, as SARIF for those who show them beside the code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from generator.check.finding import Finding
from generator.reading import View

Format = Literal["text", "json", "sarif"]


class Report(NamedTuple):
    """What was found in one package. `folder` is where its files lie, empty where they were rendered."""

    package: str
    view: View
    findings: tuple[Finding, ...]
    folder: str = ""

    def path(self, file: str) -> str:
        """A file of a finding as a person finds it."""
        return f"{self.folder}/{file}" if self.folder and file in self.view.sources.files else file

    def count(self, severity: str) -> int:
        """How many findings have this severity."""
        return sum(finding.severity == severity for finding in self.findings)


class Writer:
    """Reports in one of the formats, as they come: text at once, the others as one document at the end.

    `colour`, `width` and `table` concern text alone.
    """

    def __init__(self, kind: Format = "text", *, colour: bool = False, width: int = 80, table: bool = True) -> None:
        """Begin."""
        self.kind, self.colour, self.width, self.table = kind, colour, width, table
        self._parts: list[Any] = []

    def add(self, report: Report) -> str:
        """Take a report; what is to be printed now."""
        if self.kind == "sarif":
            from generator.check.report.sarif import results

            self._parts += results(report)
        elif self.kind == "json":
            from generator.check.report.data import package

            self._parts.append(package(report))
        else:
            from generator.check.report.text import text

            between = "\n" if self._parts else ""
            self._parts.append(None)
            return between + text(report, colour=self.colour, width=self.width, table=self.table)
        return ""

    def end(self) -> str:
        """What is to be printed after the last report."""
        if self.kind == "sarif":
            from generator.check.report import sarif

            return sarif.document(self._parts)
        if self.kind == "json":
            from generator.check.report import data

            return data.document(self._parts)
        return ""


def rendered(
    reports: Sequence[Report], kind: Format = "text", *, colour: bool = False, width: int = 80, table: bool = True
) -> str:
    """The reports in one of the formats, ending with a newline; the arguments are those of Writer."""
    writer = Writer(kind, colour=colour, width=width, table=table)
    return "".join([writer.add(report) for report in reports]) + writer.end()
