"""Scriptlets: bash reads them, and shellcheck has nothing against them."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.case import Case
from generator.check.finding import Severity
from generator.check.rule import Hit, rule
from generator.check.scriptlets import Complaint
from generator.check.unexpanded import unexpanded


@rule(
    "scriptlet-syntax",
    "error",
    reason="A scriptlet that its shell cannot read fails on every machine that installs the package.",
    source="bash -n",
    example="%post with if … and no fi",
    late=True,
)
def syntax(case: Case) -> Iterator[Hit]:
    """A scriptlet that bash does not read."""
    for complaint in case.complaints:
        if complaint.code == "bash":
            # Whatever an unknown macro would have become, the shell would have read that.
            left = _left(case, complaint, complaint.line)
            hint = f"nobody knows %{left}" if left else ""
            severity: Severity | None = "note" if left else None
            for place in case.script_places(complaint):
                message = f"{place.name}: {complaint.message}"
                yield Hit(message, place.file, place.line, place.targets, hint, severity)


@rule(
    "scriptlet-shellcheck",
    "error",
    reason="Scriptlets run as root on every machine that installs the package.",
    source="shellcheck",
    example="%post with rm -rf $DIR/*",
    late=True,
)
def shellcheck(case: Case) -> Iterator[Hit]:
    """What shellcheck says of the lines that the package's author wrote."""
    unreadable = {complaint.script for complaint in case.complaints if complaint.code == "bash"}
    severity: Severity | None = None if case.sources.defined else "note"
    for complaint in case.complaints:
        if complaint.code == "bash" or complaint.script in unreadable or _left(case, complaint, 1):
            continue
        for place in case.script_places(complaint):
            # What a distribution's macro brought along is for its author to mend.
            if place.written:
                yield Hit(
                    f"{place.name}: {complaint.message} ({complaint.code})",
                    place.file,
                    place.line,
                    place.targets,
                    f"www.shellcheck.net/wiki/{complaint.code}",
                    severity,
                )


def _left(case: Case, complaint: Complaint, lines: int) -> str:
    """The first macro that was not expanded in these many lines of a script up to the one complained of."""
    text = case.scripts.all[complaint.script].text.split("\n")
    return next(
        (name for line in text[max(complaint.line - lines, 0) : complaint.line] for name in unexpanded(line)), ""
    )
