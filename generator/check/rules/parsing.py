"""Every target parses, and librpm has nothing to say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from generator.check.case import Case
from generator.check.finding import Severity
from generator.check.place import expands_to
from generator.check.rule import Hit, rule
from generator.check.unexpanded import unexpanded
from generator.reading import Reading, line_number

# A rule of its own tells of these (rules/patches.py).
_TOLD_ELSEWHERE = ("No patch number ",)


_CONDITION = "bad %"

# What a command of the spec says because it runs in the sandbox, and not in a build.
_SANDBOX = ("cannot open Packages", "/rpmdb", ".rpmdb")


class _Told(NamedTuple):
    """A message of librpm's: what it says, and of which line."""

    text: str
    file: str
    line: int


@cache
def _place() -> re.Pattern[str]:
    return re.compile(r"^(?:(?P<file>[^\s:]+): ?(?=line))?line \d+: |^(?P<included>[^\s:]+):\d+: ")


@cache
def _mention() -> re.Pattern[str]:
    return re.compile(r"\b(?:on|in|at) line (\d+)")


def _told(case: Case, reading: Reading, text: str) -> _Told:
    text = text.strip()
    index = case.spec(reading.spec)
    found = _place().match(text)
    bare = text[found.end() :].strip().rstrip(":") if found else text.rstrip(":")
    number = line_number(text)
    file = (found["file"] or found["included"] or "") if found else ""
    if file in case.sources.files and file != reading.spec and number:
        return _Told(bare, file, min(number, len(case.sources.files[file].lines) or 1))
    mention = _mention().search(bare)
    if number or mention:
        line = index.clamped(number or int(mention[1] if mention else 1))
        return _Told(_unexpanded(bare, index.spec.line(line).text), reading.spec, line)
    _, _, quoted = bare.rpartition(": ")
    line = index.first(quoted or bare)
    if line == 1 and bare.startswith("sh: "):
        line = index.mention("%(") or 1
    return _Told(bare, reading.spec, line)


def _unexpanded(message: str, raw: str) -> str:
    """The message with the line as it was written where it quotes the line as expanded: one text for all targets."""
    head, separator, quoted = message.partition(": ")
    if separator and "%" in raw and quoted and expands_to(raw.strip(), quoted.strip()):
        return f"{head}: {raw.strip()}"
    return message


def _messages(text: str) -> Iterator[str]:
    """The messages of an error, without the lines that only point at a column."""
    for line in text.splitlines():
        if line.removeprefix("error:").strip(" ^"):
            yield line


def _causes(reading: Reading) -> Iterator[str]:
    """What librpm called an error before it gave up."""
    for entry in (*reading.log, *reading.error.splitlines()[:-1]):
        for message in _messages(entry):
            if message.startswith("error:") or entry not in reading.log:
                yield message.removeprefix("error:").strip()


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
        if not reading.error:
            continue
        told = _told(case, reading, next(reversed(reading.error.splitlines())).removeprefix("error:"))
        text, causes = told.text, list(_causes(reading))
        if _CONDITION in text and told.file == reading.spec:
            # Each target expands the expression to something else; the line itself is the same.
            text, _, expression = text.partition(": ")
            causes = [cause.removesuffix(expression).rstrip(" :") for cause in causes]
            text += f": {case.spec(reading.spec).spec.line(told.line).text.strip()}"
        bare = any("bare words" in cause for cause in causes)
        reads = bare and "bare-words" in case.view.targets[reading.target].capabilities
        left = next(unexpanded(reading.error.splitlines()[-1]), "")
        if reads:
            hint = "quote the words: this target's rpm reads them, newer ones do not, and nothing else is checked"
        elif left:
            hint = f"nobody knows %{left}; --macros FILE adds macros"
        else:
            hint = "mend the line; where it is right for other targets only, put it under a condition"
        yield Hit(
            "; ".join(dict.fromkeys([text, *causes])) + case.state(reading),
            told.file,
            told.line,
            frozenset({reading.target}),
            hint,
            "warning" if reads else None,
        )


@rule(
    "librpm-log",
    "warning",
    reason="librpm goes on after what it logs, but the package is then not what was meant.",
    source="librpm",
    example="PreReq: foo: prereq is deprecated",
)
def librpm_log(case: Case) -> Iterator[Hit]:
    """A line of librpm's log."""
    for reading in case.readings:
        for entry in reading.log:
            for message in _messages(entry):
                kind, separator, text = message.partition(": ")
                if any(told in message for told in _TOLD_ELSEWHERE) or (reading.error and kind == "error"):
                    continue
                severity: Severity = "note"
                if separator and kind in ("error", "warning"):
                    harmless = "expanded in comment" in text or any(word in text for word in _SANDBOX)
                    severity = "note" if harmless else "error" if kind == "error" else "warning"
                else:
                    text = message  # what a command of the spec printed while it was read
                told = _told(case, reading, text)
                yield Hit(told.text, told.file, told.line, frozenset({reading.target}), severity=severity)
