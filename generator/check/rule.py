"""The Rule: a function from a Case (a View with its index) to Hits, and all that a person wants to know of it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from generator.check.finding import Finding, Severity
from generator.errors import InputError
from generator.origin import Edit

if TYPE_CHECKING:
    from generator.check.case import Case


class Hit(NamedTuple):
    """What a rule's function yields: a Finding without what the rule and the Sources add to it.

    `severity` is given where it differs from the rule's own; no `targets` means all of them.
    """

    message: str
    file: str
    line: int
    targets: frozenset[str] = frozenset()
    hint: str = ""
    severity: Severity | None = None
    repair: tuple[Edit, ...] = ()


class Rule(NamedTuple):
    """One rule. `reason` says why it exists, `source` who has made it, `example` what it objects to.

    A `late` rule waits for the linters, and so runs after the others.
    """

    id: str
    severity: Severity
    reason: str
    source: str
    example: str
    find: Callable[[Case], Iterable[Hit]]
    late: bool = False

    def run(self, case: Case) -> Iterator[Finding]:
        """The findings of this rule in `case`, one for each Hit."""
        for hit in self.find(case):
            yield Finding(
                rule=self.id,
                severity=hit.severity or self.severity,
                message=hit.message,
                file=hit.file,
                line=hit.line,
                origin=case.origin(hit.file, hit.line),
                related=case.related(hit.file, hit.line),
                targets=hit.targets,
                hint=hit.hint,
                repair=hit.repair,
            )


def rule(
    name: str, severity: Severity, *, reason: str, source: str, example: str, late: bool = False
) -> Callable[[Callable[[Case], Iterable[Hit]]], Rule]:
    """Make a rule of the function that follows."""

    def made(find: Callable[[Case], Iterable[Hit]]) -> Rule:
        return Rule(name, severity, reason, source, example, find, late)

    return made


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of every module in `generator.check.rules`, by id."""
    import generator.check.rules as package

    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        for value in vars(importlib.import_module(f"{package.__name__}.{module.name}")).values():
            if isinstance(value, Rule):
                found[value.id] = value
    return tuple(found[name] for name in sorted(found))


def rule_named(name: str) -> Rule:
    """The rule with this id.

    Raises:
        InputError: there is none.
    """
    rules = {rule.id: rule for rule in all_rules()}
    if name not in rules:
        from difflib import get_close_matches

        close = get_close_matches(name, rules, 1)
        raise InputError(
            f"no rule is called {name!r}", hint=f"did you mean {close[0]}?" if close else "see specgen rules"
        )
    return rules[name]
