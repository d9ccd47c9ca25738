"""Patches: declared ones are applied, applied ones are declared, each in its tree, in a form that rpm keeps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from generator.check.case import Case
from generator.check.expect import applied
from generator.check.finding import Severity
from generator.check.place import macros
from generator.check.rule import Hit, rule

_VALIDATOR = "source_validator, 30-patches-applied"
_NOT_DECLARED = "No patch number "
# What conditions of specs ask for that are built elsewhere, too: other architectures, other distributions.
_ELSEWHERE = frozenset(
    {"_arch", "_target_cpu", "_build_cpu", "_host_cpu", "ix86", "arm", "power64"}
    | {"fedora", "fedora_version", "rhel", "rhel_version", "centos", "centos_version", "oraclelinux_version"}
    | {"scientificlinux_version", "amzn", "mageia", "mandriva_version", "mdkversion", "openeuler"}
)


class Use(NamedTuple):
    """A line of a spec that names patches by number: with %patch (`old` where it is %patchN), or as %{PATCHN}."""

    line: int
    numbers: tuple[int, ...]
    macro: bool
    old: bool
    comment: bool
    text: str


_OLD = re.compile(r"%(?:\{patch(\d+)\}|patch(\d+)\b|patch\b(?!.*(?:-P|\s\d)))")


def uses(case: Case, spec: str) -> Iterator[Use]:
    """The lines that name patches, those in comments too."""
    index = case.spec(spec)
    for application in index.spec.prep.applications:
        text = index.spec.line(application.line).text
        macro = application.kind == "patch"
        numbers = tuple(int(number) for number in application.numbers if number.isdigit())
        old = macro and _OLD.search(text) is not None
        yield Use(application.line, numbers, macro, old, application.commented, text)
    for use in index.spec.file_uses:
        if use.patch and index.spec.section(use.line).kind != "prep":
            yield Use(use.line, (use.number,), False, False, use.comment, index.spec.line(use.line).text)


def _hidden(case: Case, spec: str, number: int) -> int:
    """The line of a comment that once applied a patch: `#patch3 -p1`, of which not even the % is left."""
    wanted = re.compile(rf"#[#\s]*%*patch\s*(?:-P\s*)?{number}\b")
    return next((line.number for line in case.spec(spec).lines if line.comment and wanted.match(line.text)), 0)


@rule(
    "patch-not-applied",
    "error",
    reason="A patch that is declared and applied nowhere fixes nothing, whatever the .changes file says.",
    source=_VALIDATOR,
    example="Patch203: 0003-fix.patch, and no %patch -P 203",
)
def not_applied(case: Case) -> Iterator[Hit]:
    """A patch that no target applies."""
    for spec in case.specs:
        readings = case.good_of(spec)
        declared = {source.name: source for reading in readings for source in reading.sources if source.patch}
        missing = [
            source
            for name, source in declared.items()
            if not any(name in text for reading in readings for text in (reading.prep, reading.build, reading.install))
        ]
        if not missing:
            continue
        named = list(uses(case, spec))
        for source in missing:
            line = case.spec(spec).tag_line(("patch",), source.location or source.name, source.number)
            mine = [use for use in named if source.number in use.numbers]
            what = f"patch {source.number} {source.name}"
            active = next((use for use in mine if not use.comment), None)
            hidden = mine[0].line if mine else _hidden(case, spec, source.number)
            if active is None and hidden:
                yield Hit(f"{what} is commented out", spec, line, hint=f"see line {hidden}", severity="warning")
            elif active is None:
                yield Hit(
                    f"{what} apparently not applied (or not applied via %patch)",
                    spec,
                    line,
                    hint=f"add %patch -P {source.number} -p1 to %prep, or remove the tag",
                )
            elif feature := case.feature_around(spec, active.line):
                yield Hit(
                    f"{what} is applied only with {feature}, which no target turns on", spec, line, severity="note"
                )
            else:
                conditions = case.spec(spec).spec.conditions(active.line)
                where = " and ".join(map(str, conditions)) or "a condition"
                elsewhere = any(
                    condition.branch.keyword.endswith("arch") or not _ELSEWHERE.isdisjoint(macros(str(condition)))
                    for condition in conditions
                )
                severity: Severity = "note" if elsewhere else "warning"
                yield Hit(f"{what} is applied only under {where}, which no target meets", spec, line, severity=severity)


@rule(
    "patch-not-declared",
    "error",
    reason="rpm stops at the number of a patch that it does not know.",
    source=f"librpm; {_VALIDATOR}",
    example="%patch -P 7, and no Patch7",
)
def not_declared(case: Case) -> Iterator[Hit]:
    """A %patch with a number that no tag has."""
    for spec in case.specs:
        missing: dict[int, set[str]] = {}
        for reading in case.readings_of(spec):
            for entry in (*reading.log, reading.error):
                _, found, number = entry.partition(_NOT_DECLARED)
                if found and number.split()[:1] and number.split()[0].isdigit():
                    missing.setdefault(int(number.split()[0]), set()).add(reading.target)
        if missing:
            lines = {which: use.line for use in uses(case, spec) if not use.comment for which in use.numbers}
            for which, targets in missing.items():
                message = f"patch number {which} referenced but not defined"
                yield Hit(message, spec, lines.get(which, 1), frozenset(targets))


@rule(
    "patch-commented-out",
    "note",
    reason="The bot's patch check counts a commented %patch with -P as an error (release-tools 3086).",
    source=_VALIDATOR,
    example="# %patch -P 2 -p1",
)
def commented(case: Case) -> Iterator[Hit]:
    """A %patch line in a comment."""
    for spec in case.specs:
        for use in uses(case, spec):
            if use.comment and use.macro:
                yield Hit(f"{use.text.strip()} is commented out", spec, use.line, hint="remove the line")


@rule(
    "patch-old-macro",
    "warning",
    reason="%patchN is gone in rpm 4.20, which takes it for an unknown macro.",
    source="rpm 4.20 release notes; rpmlint patch-macro-old-format (badness 10000)",
    example="%patch203 -p1",
)
def old_macro(case: Case) -> Iterator[Hit]:
    """`%patchN`: one finding a spec, with the repair of all its lines."""
    for spec in case.specs:
        old = [use for use in uses(case, spec) if use.old and not use.comment]
        if not old:
            continue
        broken = frozenset(
            reading.target
            for reading in case.readings_of(spec)
            if "numbered-patch-macro" not in case.view.targets[reading.target].capabilities
        )
        repair = tuple(
            case.edit(spec, use.line, _OLD.sub(f"%patch -P {use.numbers[0]}", use.text, count=1))
            for use in old
            if use.numbers
        )
        first = old[0]
        more = f", and on {len(old) - 1} more line{'s' * (len(old) > 2)}" if len(old) > 1 else ""
        yield Hit(
            f"{first.text.strip()}{more}: %patchN is gone in rpm 4.20",
            spec,
            first.line,
            broken,
            f"write %patch -P {(*first.numbers, 0)[0]}",
            "error" if broken else None,
            () if case.sources.defined else repair,
        )


@rule(
    "autosetup-without-p1",
    "warning",
    reason="Without -p1 patch is left to guess how many folders it takes off, and guesses none.",
    source="rpm, Autosetup; py2pack 163",
    example="%autosetup -n docker",
)
def autosetup(case: Case) -> Iterator[Hit]:
    """%autosetup or %autopatch without -p."""
    for spec in case.specs:
        if not any(source.patch for reading in case.good_of(spec) for source in reading.sources):
            continue
        for number, line in case.spec(spec).numbered:
            macro = line.lstrip().split(" ", 1)[0]
            words = line.split()[1:]
            if macro in ("%autosetup", "%autopatch") and not any(word.startswith(("-p", "-N")) for word in words):
                yield Hit(
                    f"{macro} without -p1",
                    spec,
                    number,
                    hint="add -p1",
                    repair=(case.edit(spec, number, line.replace(macro, f"{macro} -p1", 1)),),
                )


@rule(
    "patch-wrong-tree",
    "error",
    reason="A patch that is applied in another tree than its own fails, or changes a file of the same name.",
    source="the definition's trees; what the other targets do",
    example="a patch of the engine after %setup -b 1 -n docker-cli",
)
def wrong_tree(case: Case) -> Iterator[Hit]:
    """A patch in another folder than the patches of its tree, or than on other targets."""
    found: dict[tuple[str, str, int, str], set[str]] = {}
    for spec in case.specs:
        usual: dict[str, Counter[str]] = {}
        folders = [(reading, applied(reading)) for reading in case.good_of(spec)]
        for reading, patches in folders:
            for name, folder in patches.items():
                usual.setdefault(name, Counter())[_unversioned(folder, reading.version)] += 1
        for reading, patches in folders:
            trees: dict[str, Counter[str]] = {}
            for name, folder in patches.items():
                if name in case.sources.trees:
                    trees.setdefault(folder, Counter())[case.sources.trees[name]] += 1
            numbers = {source.name: source.number for source in reading.sources if source.patch}
            for name, folder in patches.items():
                tree = case.sources.trees.get(name)
                common = usual[name].most_common(1)[0][0]
                if tree is not None and (theirs := trees[folder].most_common(1)[0][0]) != tree:
                    told = f"{name} belongs to the tree {tree}, and is applied in {folder}, that of {theirs}"
                elif tree is None and _unversioned(folder, reading.version) != common:
                    told = f"{name} is applied in {folder}, on most targets in {common}"
                else:
                    continue
                found.setdefault((spec, name, numbers.get(name, 0), told), set()).add(reading.target)
    for (spec, name, number, told), targets in found.items():
        line = next((use.line for use in uses(case, spec) if number in use.numbers and not use.comment), 0)
        yield Hit(
            told,
            spec,
            line or case.spec(spec).tag_line(("patch",), name, number),
            frozenset(targets),
            "move the %patch line behind the %setup of its tree",
        )


def _unversioned(folder: str, version: str) -> str:
    return folder.replace(version, "VERSION") if version else folder


@rule(
    "patch-not-in-changes",
    "error",
    reason="The bot wants each added and each removed patch named in the .changes file.",
    source="Factory's bot (openSUSE-release-tools, check_source.pl)",
    example="a new 0026-fix.patch, and an entry that does not name it",
)
def not_in_changes(case: Case) -> Iterator[Hit]:
    """A patch added or removed since the base, of which the .changes file does not speak."""
    if case.view.against is None:
        return
    before, after = case.view.against.sources.files, case.sources.files
    if not any(name.endswith(".changes") for name in before):
        return  # a new package
    told = ""
    for name in {*before, *after}:
        if name.endswith(".changes"):
            old = set(before[name].lines) if name in before else set()
            new = set(after[name].lines) if name in after else set()
            told += "\n".join(old ^ new)
    declared = {name for _, name in case.declared}
    sources = {name for (_, name), (source, _) in case.declared.items() if not source.patch}
    changes = next((name for name in after if name.endswith(".changes")), case.sources.spec.name)
    for name in sorted({*before, *after}):
        if not name.endswith((".patch", ".diff", ".dif")) or name in told or name in sources:
            continue
        if name not in before:
            message = f"A patch ({name}) is being added without this addition being mentioned in the changelog."
            yield Hit(message, name if name in declared else changes, 1)
        elif name not in after:
            message = f"A patch ({name}) is being deleted without this removal being mentioned in the changelog."
            yield Hit(message, changes, 1)
