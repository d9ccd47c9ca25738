"""Findings as SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), which GitHub, GitLab and editors read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from generator import __version__
from generator.check.finding import Finding
from generator.check.report import Report
from generator.check.rule import all_rules
from generator.origin import Origin

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def document(results: Sequence[dict[str, Any]]) -> str:
    """The results as one SARIF run."""
    rules = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.reason},
            "help": {"text": f"{rule.reason}\nSource: {rule.source}\nExample: {rule.example}"},
            "defaultConfiguration": {"level": rule.severity},
        }
        for rule in all_rules()
    ]
    driver = {
        "name": "specgen",
        "semanticVersion": __version__,
        "informationUri": "https://github.com/openSUSE/specgen",
        "rules": rules,
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    whole = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def results(report: Report) -> list[dict[str, Any]]:
    """The results of one package."""
    index = {rule.id: number for number, rule in enumerate(all_rules())}
    return [_result(report, finding, index) for finding in report.findings]


def _result(report: Report, finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    rendered = _location(report.path(finding.file), finding.line)
    # The place to mend comes first: what was rendered from it stands among the related locations.
    places = [_location(str(finding.origin.path), finding.origin.line)] if finding.origin else [rendered]
    related = [_macro(origin) for origin in finding.related]
    if finding.origin:
        related.insert(0, rendered | {"message": {"text": "rendered here"}})
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": {"text": finding.message + (f". {finding.hint}" if finding.hint else "")},
        "locations": places,
        "properties": {"package": report.package, "targets": sorted(finding.targets or report.view.targets)},
    }
    if finding.rule in index:
        result["ruleIndex"] = index[finding.rule]
    if related:
        result["relatedLocations"] = [{"id": number} | place for number, place in enumerate(related)]
    return result


def _macro(origin: Origin) -> dict[str, Any]:
    return _location(str(origin.path), origin.line) | {"message": {"text": "a macro of this line is defined here"}}


def _location(path: str, line: int) -> dict[str, Any]:
    from urllib.parse import quote

    return {"physicalLocation": {"artifactLocation": {"uri": quote(path)}, "region": {"startLine": line}}}
