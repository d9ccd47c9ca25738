"""Small packages, read by the real librpm for real targets, and what a rule says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from generator import targets
from generator.check.case import Case
from generator.check.finding import Finding, merged
from generator.check.rule import rule_named
from generator.check.scriptlets import lint
from generator.librpm import Librpm
from generator.sources import SourceFile, Sources

TODAY = date(2025, 1, 31)
TARGETS = ("sle12", "sle15", "tumbleweed")

Findings = Callable[..., list[Finding]]


def package(files: str | Mapping[str, str | bytes], name: str, **fields: Any) -> Sources:
    """The Sources of files, or of a spec alone."""
    given = {f"{name}.spec": files} if isinstance(files, str) else files
    content = {
        key: SourceFile(key, text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)
        for key, text in given.items()
    }
    return Sources(name, content, **fields)


@pytest.fixture
def findings(librpm: Librpm) -> Findings:
    """What a rule finds in a package: `findings(rule, files, targets=…, before=…, **fields of Sources)`."""

    def found(
        rule: str,
        files: str | Mapping[str, str | bytes],
        *,
        on: tuple[str, ...] = TARGETS,
        name: str = "demo",
        before: Mapping[str, str | bytes] | None = None,
        **fields: Any,
    ) -> list[Finding]:
        known = [targets.load(target) for target in on]
        against = librpm.read(package(before, name), known) if before else None
        view = librpm.read(package(files, name, **fields), known, against=against)
        case = Case(view, TODAY)
        wanted = rule_named(rule)
        if wanted.late:
            case.start(lint)
        result = list(merged(wanted.run(case), frozenset(on)))
        for finding in result:
            assert finding.line >= 1
            assert finding.message
        return result

    return found
