"""Every target parses, and librpm has nothing to say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from generator.check.case import Case
from generator.check.finding import Severity
from generator.check.rule import Hit, rule
from generator.reading import Reading, line_number

# A rule of its own tells of these (rules/patches.py).
_TOLD_ELSEWHERE = ("No patch number ",)


_CONDITION = "bad %"


@cache
def _place() -> re.Pattern[str]:
    return re.compile(r"^(?:\S+: )?line \d+: |^\S+:\d+: ")


@cache
def _mention() -> re.Pattern[str]:
    return re.compile(r"\b(?:on|in|at) line (\d+)")


def _told(case: Case, reading: Reading, text: str) -> tuple[str, int]:
    """A line of librpm's: what it says, and the line of the spec."""
    index = case.spec(reading.spec)
    bare = _place().sub("", text.strip()).strip().rstrip(":")
    if number := line_number(text.strip()):
        return bare, index.clamped(number)
    if mention := _mention().search(bare):
        return bare, index.clamped(int(mention[1]))
    _, _, quoted = bare.rpartition(": ")
    return bare, index.first(quoted or bare)


def _messages(text: str) -> Iterator[str]:
    """The messages of an error, without the lines that only point at a column."""
    for line in text.splitlines():
        if line.removeprefix("error:").strip(" ^"):
            yield line


@rule(
    "parse-error",
    "error",
    reason="What librpm cannot read cannot be built.",
    source="librpm",
    example="%if 0%{?suse_version} >",
)
def parse_error(case: Case) -> Iterator[Hit]:
    """A target on which the spec cannot be read."""
    for reading in case.readings:
        if reading.error:
            messages = [message.removeprefix("error:").strip() for message in _messages(reading.error)]
            # The last line has the place, the ones before it the cause.
            *causes, last = messages or ["the spec cannot be read"]
            text, line = _told(case, reading, last)
            if _CONDITION in text:
                # Each target expands the expression to something else; the line itself is the same.
                text, _, expression = text.partition(": ")
                causes = [cause.removesuffix(expression).rstrip(" :") for cause in causes]
                text += f": {case.spec(reading.spec).spec.line(line).text.strip()}"
            yield Hit(
                "; ".join(dict.fromkeys([text, *causes])) + case.state(reading),
                reading.spec,
                line,
                frozenset({reading.target}),
                "mend the line; where it is right for other targets only, put it under a condition",
            )


@rule(
    "librpm-log",
    "warning",
    reason="librpm goes on after what it logs, but the package is then not what was meant.",
    source="librpm",
    example="%endif # suse_version: extra tokens at the end of %endif directive",
)
def librpm_log(case: Case) -> Iterator[Hit]:
    """A line of librpm's log."""
    for reading in case.readings:
        failed = set(_messages(reading.error))
        for entry in reading.log:
            for message in _messages(entry):
                if message in failed or any(told in message for told in _TOLD_ELSEWHERE):
                    continue
                kind, separator, text = message.partition(": ")
                if separator and kind in ("error", "warning"):
                    severity: Severity | None = None if kind == "warning" else "error"
                else:
                    # What a spec's own shell commands print while it is read.
                    severity, text = "note", message
                if "expanded in comment" in text:
                    severity = "note"
                told, line = _told(case, reading, text)
                yield Hit(told, reading.spec, line, frozenset({reading.target}), severity=severity)
