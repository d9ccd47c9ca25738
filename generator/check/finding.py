"""The Finding: one thing that a rule has to say, at one line of one file, on some targets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

from generator.origin import Edit, Origin

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # the worst first


class Finding(msgspec.Struct, frozen=True):
    """See the module.

    `file` and `line` (from 1) are those of the Sources: the rendered line, where a definition was rendered. `origin`
    is where that line was written, `related` where each macro on it is defined. No `targets` means all of them.
    `hint` says what to do.
    """

    rule: str
    severity: Severity
    message: str
    file: str
    line: int
    origin: Origin | None = None
    related: tuple[Origin, ...] = ()
    targets: frozenset[str] = frozenset()
    hint: str = ""
    repair: tuple[Edit, ...] = ()

    @property
    def place(self) -> str:
        """The place that a person goes to: the origin, or the line of the file where it is its own origin."""
        return str(self.origin) if self.origin else f"{self.file}:{self.line}"


def merged(findings: Iterable[Finding], targets: frozenset[str]) -> tuple[Finding, ...]:
    """The findings with equal ones on several of the `targets` made one, in the order of file, line and severity."""
    seen: dict[Finding, set[str]] = {}
    for finding in findings:
        key = msgspec.structs.replace(finding, targets=frozenset())
        seen.setdefault(key, set()).update(finding.targets or targets)
    return tuple(
        sorted(
            (
                msgspec.structs.replace(key, targets=frozenset() if found >= targets else frozenset(found))
                for key, found in seen.items()
            ),
            key=lambda finding: (
                finding.file,
                finding.line,
                SEVERITIES.index(finding.severity),
                finding.rule,
                finding.message,
                sorted(finding.targets),
            ),
        )
    )
