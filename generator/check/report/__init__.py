"""How findings are told: as text for people, as JSON for programs, as SARIF for those who show them beside the code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from generator.check.finding import Finding
from generator.reading import View

Format = Literal["text", "json", "sarif"]


class Report(NamedTuple):
    """What was found in one package."""

    package: str
    view: View
    findings: tuple[Finding, ...]

    def count(self, severity: str) -> int:
        """How many findings have this severity."""
        return sum(finding.severity == severity for finding in self.findings)


def rendered(
    reports: Sequence[Report], kind: Format = "text", *, colour: bool = False, width: int = 80, table: bool = True
) -> str:
    """The reports in one of the formats, ending with a newline. `colour`, `width` and `table` concern text alone."""
    if kind == "sarif":
        from generator.check.report.sarif import sarif

        return sarif(reports)
    if kind == "json":
        from generator.check.report.data import data

        return data(reports)
    from generator.check.report.text import text

    return text(reports, colour=colour, width=width, table=table)
