"""A submission in words: the plan, what differs, what others did, and the same for programs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from generator.sources import Sources
from generator.submit.drift import Drift
from generator.submit.session import Prepared


def difference(prepared: Prepared) -> Iterator[str]:
    """The lines of a unified diff from what the server holds to what it is to hold; binary files are named."""
    before = prepared.server_sources or Sources(prepared.local.sources.name, {})
    after = prepared.merged.sources
    for name in sorted({*before.files, *after.files}):
        old, new = before.files.get(name), after.files.get(name)
        if name in prepared.merged.removed:
            new = None
        if (old.content if old else None) == (new.content if new else None):
            continue
        binary = any(file is not None and b"\0" in file.content for file in (old, new))
        if binary:
            yield f"Binary file {name} differs"
            continue
        yield from difflib.unified_diff(
            old.lines if old else (),
            new.lines if new else (),
            f"a/{name}" if old else "/dev/null",
            f"b/{name}" if new else "/dev/null",
            lineterm="",
        )


def drift_lines(drift: Drift) -> Iterator[str]:
    """What others did to one file, each change with the place here that it belongs to."""
    yield f"{drift.name}: {drift.what} on the server by others"
    for hunk in drift.hunks:
        yield f"  line {hunk.line}" + (f", which comes from {hunk.origin}" if hunk.origin else "")
        yield from (f"    -{line}" for line in hunk.before)
        yield from (f"    +{line}" for line in hunk.after)


def as_json(prepared: Prepared) -> dict[str, Any]:
    """The plan for programs."""
    plan = prepared.plan
    return {
        "project": plan.destination.project,
        "package": plan.destination.package,
        "work": str(plan.work),
        "steps": [{"kind": step.kind, "words": step.words, "subject": step.subject} for step in plan.steps],
        "nothing": plan.reason,
        "request": plan.open,
        "message": plan.message,
        "files": dict(plan.files),
        "removed": dict(plan.removed),
        "external": [one.name for one in prepared.merged.sources.externals],
        "entries": {
            "new": [f"{entry.header}\n{entry.body}" for entry in prepared.merged.new_entries],
            "only on the server": [f"{entry.header}\n{entry.body}" for entry in prepared.merged.kept_entries],
        },
        "changed by others": [
            {
                "file": one.name,
                "what": one.what,
                "hunks": [
                    {
                        "line": hunk.line,
                        "before": list(hunk.before),
                        "after": list(hunk.after),
                        "origin": str(hunk.origin) if hunk.origin else "",
                    }
                    for hunk in one.hunks
                ],
            }
            for one in prepared.drift
        ],
        "warnings": list(prepared.warnings),
    }
