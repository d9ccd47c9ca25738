"""Macros: each is known, and means what its reader thinks."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.case import Case
from generator.check.place import place
from generator.check.rule import Hit, rule
from generator.check.unexpanded import RPMS_OWN, unexpanded
from generator.targets import is_known_macro

_LITERAL = frozenset({"description", "changelog"})  # sections of prose, where 100%free is no macro


def _left(case: Case, spec: str) -> dict[str, tuple[str, set[str]]]:
    """The macros that stay unexpanded: for each the first line it is in, and the targets."""
    lines: dict[str, set[str]] = {}
    for reading in case.good_of(spec):
        section = ""
        for line in dict.fromkeys(reading.parsed.split("\n")):
            if line[:1] == "%":
                word = line[1:].split(" ", 1)[0]
                section = word if word in RPMS_OWN else section
            if (
                "%" in line
                and "--qf" not in line
                and "--queryformat" not in line
                and section not in _LITERAL
                and line.lstrip()[:1] != "#"
            ):
                lines.setdefault(line, set()).add(reading.target)
    found: dict[str, tuple[str, set[str]]] = {}
    for line, targets in lines.items():
        for name in unexpanded(line):
            found.setdefault(name, (line, set()))[1].update(targets)
    return found


@rule(
    "macro-unknown",
    "warning",
    reason="A macro that nobody defines stays in the text as it is, and reaches a shell or a file name.",
    source="specgen targets (macros of every profile, and the families that they know)",
    example="%{_libexcdir}/docker",
)
def unknown(case: Case) -> Iterator[Hit]:
    """A macro that stays unexpanded. In a spec kept by hand one note tells of all that nobody knows."""
    for spec in case.specs:
        index = case.spec(spec)
        text, defined = case.sources.files[spec].text, case.spec(spec).defined
        strangers: dict[str, int] = {}
        on: set[str] = set()
        for name, (parsed, targets) in sorted(_left(case, spec).items()):
            if f"%%{name}" in text or f"%%{{{name}" in text:
                continue
            line = index.mention(f"%{{{name}", f"%{name}") or place(case.spec(spec).numbered, parsed) or 1
            if is_known_macro(name):
                continue
            # Where no target defines it, the branch is another distribution's, whose macros may have it.
            if name in defined and len(targets) < len({reading.target for reading in case.good_of(spec)}):
                yield Hit(
                    f"%{name} is not defined where it is used",
                    spec,
                    line,
                    frozenset(targets),
                    f"it is defined on line {defined[name][0]}, later or under a condition",
                )
            elif meant := case.meant_macro(spec, name):
                yield Hit(f"no target knows %{name}", spec, line, frozenset(targets), f"did you mean %{meant}?")
            elif case.sources.defined:
                yield Hit(f"no target knows %{name}", spec, line, frozenset(targets), "see specgen targets")
            else:
                strangers[name] = line
                on |= targets
        if strangers:
            first = min(strangers.values())
            names = ", ".join(f"%{name}" for name in strangers)
            yield Hit(f"no target knows {names}", spec, first, frozenset(on), "--macros FILE adds them", "note")


@rule(
    "version-of-subpackage",
    "warning",
    reason="After a subpackage with its own Version, %{version} is that one, in all that follows.",
    source="librpm",
    example="%package buildx with Version: 0.19.3, then Requires: docker = %{version} in a later package",
)
def version_of_subpackage(case: Case) -> Iterator[Hit]:
    """`%{version}` after a subpackage with a version of its own."""
    for spec in case.specs:
        index = case.spec(spec)
        versions = {
            (package.name, package.version, reading.version)
            for reading in case.good_of(spec)
            for package in reading.packages
            if package.version != reading.version
        }
        if not versions:
            continue
        own = [
            tag for tag in index.tags if tag.key == "version" and index.package(tag) and "%{version}" not in tag.value
        ]
        for number, line in index.numbered if own else ():
            package = index.section(number).package if index.section(number).kind != "preamble" else None
            before = [tag for tag in own if tag.line < number]
            if before and ("%{version}" in line or "%version" in line) and package != index.package(before[-1]):
                yield Hit(
                    f"%{{version}} is that of {index.package(before[-1])} here ({before[-1].value.strip()})",
                    spec,
                    number,
                    hint="define a macro of your own for the main version before the first subpackage",
                )
