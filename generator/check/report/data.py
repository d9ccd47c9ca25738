"""Findings as JSON, for programs (docs/rules.md, "Formats")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from generator.check.finding import SEVERITIES, Finding
from generator.check.report import Report
from generator.check.report.table import what_holds
from generator.origin import Origin

VERSION = 1  # rises when something that is here goes away or changes its meaning


def document(packages: Sequence[dict[str, Any]]) -> str:
    """The packages as one JSON document."""
    whole = {"version": VERSION, "packages": packages}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def package(report: Report) -> dict[str, Any]:
    """What a document says of one package."""
    targets = list(report.view.targets)
    return {
        "package": report.package,
        "targets": targets,
        "counts": {severity: report.count(severity) for severity in SEVERITIES},
        "findings": [_finding(finding, report, targets) for finding in report.findings],
        "holds": [
            {"kind": row.kind, "fact": row.label, "targets": dict(zip(targets, row.marks, strict=True))}
            for row in what_holds(report, targets)
        ],
    }


def _finding(finding: Finding, report: Report, targets: list[str]) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "file": report.path(finding.file),
        "line": finding.line,
        "origin": _origin(finding.origin),
        "related": [_origin(origin) for origin in finding.related],
        "targets": sorted(finding.targets) or targets,
        "repair": [
            {"origin": _origin(edit.origin), "remove": edit.remove, "insert": list(edit.insert)}
            for edit in finding.repair
        ],
    }


def _origin(origin: Origin | None) -> dict[str, Any] | None:
    return {"file": str(origin.path), "line": origin.line} if origin else None
