"""Facts and where they hold: compact to store, plain to read, compared fact by fact.

A fact is one line of text, `KIND | what …` or `PACKAGE | KIND | what …`. A case is a pair (target, state): `sle15`,
`with buildx`. A table says which facts hold in which case. Stored, facts that hold in the same cases stand together,
and the cases are named as rectangles of targets and states, so that a person can read why a fact is there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

Case: TypeAlias = tuple[str, str]
Table: TypeAlias = dict[Case, frozenset[str]]


def counted(facts: Iterable[str]) -> frozenset[str]:
    """A set of facts that keeps how often each was seen: nothing that is said twice looks as if said once."""
    return frozenset(fact if n == 1 else f"{fact} | {n} times" for fact, n in Counter(facts).items())


def save(table: Table, path: Path, note: str) -> None:
    """Write `table` to `path` as JSON: same table, same bytes."""
    cases: dict[str, list[str]] = {}
    for target, state in table:
        cases.setdefault(target, []).append(state)
    holds: dict[str, list[Case]] = {}
    for case, facts in table.items():
        for fact in facts:
            holds.setdefault(fact, []).append(case)
    groups: dict[tuple[Case, ...], list[str]] = {}
    for fact in sorted(holds):
        groups.setdefault(tuple(holds[fact]), []).append(fact)
    rows: dict[tuple[str, ...], list[str]] = {}
    for target, states in cases.items():
        rows.setdefault(tuple(states), []).append(target)
    shape = [{"targets": targets, "states": list(states)} for states, targets in rows.items()]
    stored = [
        {"where": list(_rectangles(where, cases)), "facts": facts}
        for where, facts in sorted(groups.items(), key=lambda group: (-len(group[0]), group[1]))
    ]
    path.write_text(_dumped({"note": note, "cases": shape, "groups": stored}) + "\n")


def _dumped(value: Any) -> str:
    """JSON with a line for each fact and each group's cases, so that a change to it can be read as a diff."""
    flat: dict[str, str] = {}

    def short(part: Any) -> Any:
        if isinstance(part, dict) and part.keys() == {"targets", "states"}:
            flat[token := f"@{len(flat)}@"] = json.dumps(part, ensure_ascii=False)
            return token
        if isinstance(part, dict):
            return {key: short(inner) for key, inner in part.items()}
        return [short(inner) for inner in part] if isinstance(part, list) else part

    text = json.dumps(short(value), indent=1, ensure_ascii=False)
    for token, line in flat.items():
        text = text.replace(f'"{token}"', line)
    return text


def load(path: Path) -> Table:
    """Read what `save` wrote."""
    data = json.loads(path.read_text())
    cases = {target: row["states"] for row in data["cases"] for target in row["targets"]}
    found: dict[Case, set[str]] = {(target, state): set() for target, states in cases.items() for state in states}
    for group in data["groups"]:
        for case in _cases(group["where"], cases):
            found[case].update(group["facts"])
    return {case: frozenset(facts) for case, facts in found.items()}


def _rectangles(where: tuple[Case, ...], cases: Mapping[str, list[str]]) -> Iterator[dict[str, Any]]:
    """The cases of `where` as few products of targets and states."""
    states: dict[str, list[str]] = {}
    for target, state in where:
        states.setdefault(target, []).append(state)
    rows: dict[str, tuple[Any, list[str]]] = {}
    for target, held in states.items():
        left_out = [state for state in cases[target] if state not in held]
        shape: Any = "all" if not left_out else {"but": left_out} if len(left_out) < len(held) else held
        rows.setdefault(json.dumps(shape), (shape, []))[1].append(target)
    for shape, targets in rows.values():
        yield {"targets": "all" if len(targets) == len(cases) else targets, "states": shape}


def _cases(where: list[dict[str, Any]], cases: Mapping[str, list[str]]) -> Iterator[Case]:
    for rectangle in where:
        targets = cases if rectangle["targets"] == "all" else rectangle["targets"]
        states = rectangle["states"]
        for target in targets:
            for state in cases[target]:
                if states == "all" or (state not in states["but"] if isinstance(states, dict) else state in states):
                    yield target, state


def differences(reference: Table, found: Table) -> list[str]:
    """One line per fact that is missing (-) or extra (+), with the cases; empty where both say the same.

    Cases of only one side are differences too.
    """
    changed: dict[tuple[str, str], list[Case]] = {}
    for case in reference:
        if case not in found:
            changed.setdefault(("-", "the whole case"), []).append(case)
            continue
        for sign, facts in (("-", reference[case] - found[case]), ("+", found[case] - reference[case])):
            for fact in facts:
                changed.setdefault((sign, fact), []).append(case)
    for case in found.keys() - reference.keys():
        changed.setdefault(("+", "the whole case"), []).append(case)
    order = sorted(changed.items(), key=lambda item: (item[0][1].replace("+", "-"), item[0][0]))
    return [f"{sign} {fact}   [{_named(cases, len(reference))}]" for (sign, fact), cases in order]


def _named(cases: list[Case], total: int) -> str:
    if len(cases) == total:
        return "everywhere"
    targets = list(dict.fromkeys(target for target, _ in cases))
    states = list(dict.fromkeys(state for _, state in cases))
    if len(cases) == len(targets) * len(states):
        return f"{', '.join(targets)}; {', '.join(states)}"
    named = [f"{target} {state}" for target, state in cases]
    return ", ".join(named[:6]) + (f" and {len(named) - 6} more" if len(named) > 6 else "")
