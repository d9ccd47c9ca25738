"""What a target's rpm can read: dependencies as librpm gives them, and the words of the spec itself."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.branches import taken
from generator.check.case import Case
from generator.check.finding import Severity
from generator.check.rule import Hit, rule
from generator.check.specindex import SpecIndex
from generator.reading import Dependency, Reading
from generator.sources.spec import SpecLine

_SOURCE = "rpm's sources, as targets/capabilities.toml names them"


def _all(reading: Reading) -> Iterator[tuple[str, Dependency]]:
    for dependency in reading.build_requires:
        yield "buildrequires", dependency
    for package in reading.packages:
        for kind, dependencies in package.dependencies.items():
            for dependency in dependencies:
                yield kind, dependency


def _severity(case: Case) -> Severity:
    """Whether a package is made for an old target is for its maintainer to say."""
    return "error" if case.sources.targets else "warning"


def _unasked(case: Case) -> str:
    return "" if case.sources.targets else "; .specgen.yaml can say which targets the package is for"


def needs(text: str) -> str:
    """The capability that an rpm must have to read a dependency; empty where every rpm reads it."""
    if text.startswith("("):
        words = text.replace("(", " ").replace(")", " ").split()
        return "rich-with-without-unless" if {"with", "without", "unless"}.intersection(words) else "rich-dependencies"
    return "caret-version" if "^" in text and " " in text else ""


@rule(
    "dependency-unreadable",
    "error",
    reason="An older rpm refuses the package, or takes the words of the dependency for names.",
    source=_SOURCE,
    example="Requires: (apparmor-parser or container-selinux) on SLE 12",
)
def unreadable(case: Case) -> Iterator[Hit]:
    """A dependency that the rpm of a target cannot read."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for reading in case.good:
        capabilities = case.view.targets[reading.target].capabilities
        for kind, dependency in _all(reading):
            if (needed := needs(dependency.text)) and needed not in capabilities:
                found.setdefault((reading.spec, kind, dependency.text), set()).add(reading.target)
    for (spec, kind, text), targets in found.items():
        line = case.spec(spec).tag_holding((kind,), text)
        if line is None:
            continue  # a macro brought it, which on the target itself may bring something else
        rpms = ", ".join(sorted({case.view.targets[target].rpm for target in targets}))
        yield Hit(
            f"{text} cannot be read by rpm {rpms}",
            spec,
            line,
            frozenset(targets),
            f"put it under a condition, with a plain dependency in the else part{_unasked(case)}",
            _severity(case),
        )


_SECTIONS = {
    "patchlist": "patchlist",
    "sourcelist": "patchlist",
    "generate_buildrequires": "generate-buildrequires",
    "conf": "conf-section",
    "preuntrans": "untrans-scriptlets",
    "postuntrans": "untrans-scriptlets",
}


def _words(index: SpecIndex) -> Iterator[tuple[str, int, str]]:
    """What in a spec not every rpm can read: the capability, the line, and the word."""
    for line in index.lines:
        if "%" in line.text and not line.comment:
            for needed, word in _in_line(line, index):
                yield needed, line.number, word
        elif line.text.lstrip().startswith("%dnl"):
            yield "comment-macro", line.number, "%dnl"
    for tag in index.tags:
        if (tag.is_source or tag.is_patch) and tag.number is None and tag.place:
            yield "automatic-numbers", tag.line, f"a second {tag.name} without a number"
        elif tag.key == "buildsystem":
            yield "build-system", tag.line, tag.name
        elif "meta" in tag.qualifier.split(","):
            yield "meta-dependencies", tag.line, f"{tag.name}(meta)"


def _in_line(line: SpecLine, index: SpecIndex) -> Iterator[tuple[str, str]]:
    if line.directive.startswith("elif"):
        yield "elif", f"%{line.directive}"
    elif line.directive == "section":
        kind = index.section(line.number).kind
        if needed := "file-triggers" if "filetrigger" in kind else _SECTIONS.get(kind):
            yield needed, f"%{kind}"
    if "%{expr:" in line.text:
        yield "expressions", "%{expr:…}"
    if "%[" in line.text.replace("%%", ""):
        yield "expression-shortcut", "%[…]"
    word, *arguments = line.text.split()
    if word == "%bcond":
        yield "bcond", word
    elif word in ("%autopatch", "%autosetup"):
        yield "autosetup", word
        if word == "%autopatch" and any(argument[:2] in ("-m", "-M") for argument in arguments):
            yield "autopatch-range", "%autopatch -m or -M"


@rule(
    "syntax-unreadable",
    "error",
    reason="An older rpm stops at a word that it does not know, or takes it for text.",
    source=_SOURCE,
    example="%elif 0%{?suse_version} >= 1600 on SLE 15, whose rpm 4.14 has no %elif",
)
def syntax(case: Case) -> Iterator[Hit]:
    """A word of rpm's that the rpm of a target does not know, where the target takes that branch."""
    for spec in case.specs:
        index = case.spec(spec)
        readings = {reading.target: reading for reading in case.readings_of(spec)}
        if not readings:
            continue
        found: dict[tuple[str, frozenset[str], Severity], list[int]] = {}
        for needed, line, word in _words(index):
            lacking = [name for name in readings if needed not in case.view.targets[name].capabilities]
            conditions = index.spec.conditions(line) if lacking else ()
            certain: set[str] = set()
            perhaps: set[str] = set()
            for name in lacking:
                held = taken(conditions, readings[name], case.view.targets[name], index.defined)
                if held is not False:
                    (perhaps if held is None else certain).add(name)
            findings: tuple[tuple[set[str], Severity], ...] = ((certain, _severity(case)), (perhaps, "warning"))
            for targets, severity in findings:
                if targets:
                    found.setdefault((word, frozenset(targets), severity), []).append(line)
        for (word, on, severity), lines in found.items():
            rpms = ", ".join(sorted({case.view.targets[target].rpm for target in on}))
            more = f" (on {len(lines) - 1} more line{'s' * (len(lines) > 2)})" if len(lines) > 1 else ""
            hint = f"write it in an older way, or put it under a condition{_unasked(case)}"
            yield Hit(f"{word} cannot be read by rpm {rpms}{more}", spec, lines[0], on, hint, severity)
