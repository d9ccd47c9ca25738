"""%files: paths and marks that the validator looks at."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.case import Case
from generator.check.rule import Hit, rule

_VALIDATOR = "source_validator, 60-spec-filelist"
_FORBIDDEN = ("/usr/man/", "/usr/info/", "/usr/bin/X11/")


def _entries(case: Case, *needles: str) -> Iterator[tuple[str, str, frozenset[str]]]:
    """The lines of %files that hold one of the needles: spec, line after expansion, targets."""
    found: dict[tuple[str, str], set[str]] = {}
    for reading in case.good:
        for package in reading.packages:
            for entry in package.files:
                if any(needle in entry for needle in needles):
                    found.setdefault((reading.spec, entry), set()).add(reading.target)
    for (spec, entry), targets in found.items():
        yield spec, entry, frozenset(targets)


@rule(
    "forbidden-path",
    "error",
    reason="These folders moved below /usr/share, or are gone, decades ago.",
    source=_VALIDATOR,
    example="/usr/man/man1/docker.1",
)
def forbidden(case: Case) -> Iterator[Hit]:
    """A path in a folder of old."""
    for spec, entry, targets in _entries(case, *_FORBIDDEN):
        path = next((word for word in entry.split() if word.startswith(_FORBIDDEN)), None)
        if path:
            line = case.spec(spec).files_line(path.rpartition("/")[2])
            yield Hit(f'{spec} uses forbidden file path "{path}".', spec, line, targets)


@rule(
    "licence-as-doc",
    "warning",
    reason="Documentation may be left out of an installation; the licence may not.",
    source=_VALIDATOR,
    example="%doc README LICENSE",
)
def licence_as_doc(case: Case) -> Iterator[Hit]:
    """A licence's text that is marked as documentation."""
    everywhere = frozenset(reading.target for reading in case.good)
    for spec, entry, targets in _entries(case, "COPYING", "LICENSE"):
        words = entry.split()
        if targets != everywhere:
            continue  # a spec that tells old targets from new ones knows what it does
        if words[0] == "%doc" and any(word.rpartition("/")[2].startswith(("COPYING", "LICENSE")) for word in words):
            index = case.spec(spec)
            yield Hit(
                "found COPYING or LICENSE file marked as %doc, please mark as %license instead",
                spec,
                index.mention(entry) or index.first(entry),
                targets,
            )
