"""Differences between two views of a package."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from generator.compare.facts import Fact, facts
from generator.reading import Reading, View
from generator.sources import Sources


class Difference(msgspec.Struct, frozen=True):
    """A fact that is not the same on both sides; None where a side does not have it. `targets` are those affected.

    Of a text of several lines both sides hold only the lines that differ.
    """

    subject: str
    property: str
    before: str | None
    after: str | None
    targets: tuple[str, ...]
    features: tuple[str, ...] = ()  # forced states, as "+buildx" or "-buildx"; empty is the spec's own defaults


class FileDifference(msgspec.Struct, frozen=True):
    """A file that is not the same on both sides, as the lines of a unified diff."""

    name: str
    status: str  # "added", "removed" or "changed"
    diff: tuple[str, ...]


def compare(old: View, new: View) -> tuple[Difference, ...]:
    """What differs in meaning, in the order of specs, subjects and properties; equal differences of targets are one.

    Readings are paired by flavour, target and feature states. The main package of the old side is compared with that
    of the new one also where their names differ.
    """
    twins = old.sources.name != new.sources.name
    before, after = _by_key(old, twins), _by_key(new, twins)
    found: dict[_Key, list[str]] = {}
    for key in [*before, *(key for key in after if key not in before)]:
        flavour, target, features = key
        where = f"{target}:{flavour}" if flavour else target
        for subject, name, left, right in _pairs(before.get(key, ()), after.get(key, ())):
            found.setdefault(_Key(subject, name, left, right, features), []).append(where)
    return tuple(
        Difference(key.subject, key.property, key.before, key.after, tuple(targets), key.features)
        for key, targets in found.items()
    )


class _Key(NamedTuple):
    subject: str
    property: str
    before: str | None
    after: str | None
    features: tuple[str, ...]


def _by_key(view: View, twins: bool) -> dict[tuple[str, str, tuple[str, ...]], tuple[Fact, ...]]:
    name = view.sources.name
    return {
        (reading.flavour, reading.target, _states(reading)): tuple(
            _renamed(fact, name) if twins else fact for fact in facts(reading)
        )
        for reading in view.readings
        if reading.spec == _main(view)
    }


def _main(view: View) -> str:
    return view.sources.spec.name


def _states(reading: Reading) -> tuple[str, ...]:
    return tuple(sorted(f"{'+' if on else '-'}{name}" for name, on in reading.features.items()))


def _renamed(fact: Fact, name: str) -> Fact:
    """A fact with the package's own name put in brackets, so that twins can be compared."""
    if fact.subject == name or fact.subject.startswith(f"{name}-"):
        return fact._replace(subject=f"[name]{fact.subject.removeprefix(name)}")
    if fact.property == "package" and (fact.value == name or fact.value.startswith(f"{name}-")):
        return fact._replace(value=f"[name]{fact.value.removeprefix(name)}")
    return fact


def _pairs(before: Iterable[Fact], after: Iterable[Fact]) -> list[tuple[str, str, str | None, str | None]]:
    left, right = dict.fromkeys(before), dict.fromkeys(after)
    gone = [fact for fact in left if fact not in right]
    come = [fact for fact in right if fact not in left]
    single = {(fact.subject, fact.property): fact for fact in come if not fact.many}
    pairs: list[tuple[str, str, str | None, str | None]] = []
    known: set[tuple[str, str, str]] = set()
    for fact in gone:
        other = single.pop((fact.subject, fact.property), None) if not fact.many else None
        gone_value, come_value = fact.value, other.value if other else None
        if come_value is not None and ("\n" in gone_value or "\n" in come_value):
            gone_value, come_value = _changed_lines(gone_value, come_value)
            known.add((fact.subject, fact.property, fact.value))
            if other is not None:
                known.add((fact.subject, fact.property, other.value))
        pairs.append((fact.subject, fact.property, gone_value, come_value))
    known |= {(subject, name, value) for subject, name, _, value in pairs if value is not None}
    pairs += [
        (fact.subject, fact.property, None, fact.value)
        for fact in come
        if (fact.subject, fact.property, fact.value) not in known
    ]
    return pairs


def _changed_lines(before: str, after: str) -> tuple[str, str]:
    """Of two texts the lines that differ; targets whose texts change alike then have equal differences."""
    changes = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    gone = [line[1:] for line in changes if line.startswith("-")]
    come = [line[1:] for line in changes if line.startswith("+")]
    return "\n".join(gone), "\n".join(come)


def compare_files(old: Sources, new: Sources) -> tuple[FileDifference, ...]:
    """The files that differ, by name, with the lines that do; the spec of one is compared with that of the other.

    A file that one side calls external is not known there, and not compared.
    """
    rename = {}
    if old.specs and new.specs and old.spec.name != new.spec.name:
        for ending in (".spec", ".changes"):
            rename[f"{old.name}{ending}"] = f"{new.name}{ending}"
    before = {rename.get(name, name): file for name, file in old.files.items()}
    found = []
    for name in sorted({*before, *new.files} - {one.name for one in (*old.externals, *new.externals)}):
        left, right = before.get(name), new.files.get(name)
        if left is not None and right is not None and left.content == right.content:
            continue
        status = "added" if left is None else "removed" if right is None else "changed"
        lines = difflib.unified_diff(
            left.lines if left else (),
            right.lines if right else (),
            f"{old.name}/{left.name}" if left else "/dev/null",
            f"{new.name}/{name}" if right else "/dev/null",
            lineterm="",
        )
        found.append(FileDifference(name, status, tuple(lines)))
    return tuple(found)
