"""The run: every rule on one View, waivers applied, equal findings made one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from generator.check.case import Case
from generator.check.finding import Finding, merged
from generator.check.rule import Rule, all_rules
from generator.check.scriptlets import Lint
from generator.reading import View
from generator.sources import Waiver

UNUSED = "waiver-unused"


class Run:
    """A check under way: the linters are at work, and what does not wait for them is found."""

    def __init__(
        self, view: View, rules: Sequence[Rule] | None = None, lint: Lint | None = None, today: date | None = None
    ) -> None:
        """Begin. The arguments are those of `check`.

        Raises:
            RefusalError: a linter is missing.
        """
        self.view = view
        self._rules = all_rules() if rules is None else tuple(rules)
        self._late = [rule for rule in self._rules if rule.late]
        self._case = Case(view, today)
        if lint is not None and self._late:
            self._case.start(lint)
        self._found = [finding for rule in self._rules if not rule.late for finding in rule.run(self._case)]

    def finish(self) -> tuple[Finding, ...]:
        """Wait for the linters; all findings.

        Raises:
            RefusalError: a linter did not come to an end.
        """
        late = [finding for rule in self._late for finding in rule.run(self._case)]
        waived = _waived([*self._found, *late], self._case, self._rules)
        return merged(waived, frozenset(self._case.view.targets))


def check(
    view: View, rules: Sequence[Rule] | None = None, *, lint: Lint | None = None, today: date | None = None
) -> tuple[Finding, ...]:
    """What `rules` (all of them, if none are given) find in `view`.

    Without `lint` scriptlets are not linted, without `today` no date is in the future.

    Raises:
        RefusalError: a linter is missing, or did not come to an end.
    """
    return Run(view, rules, lint, today).finish()


def _waived(findings: Iterable[Finding], case: Case, rules: Sequence[Rule]) -> Iterator[Finding]:
    """The findings that no waiver covers, and a note for each waiver that covers none."""
    used: set[Waiver] = set()
    for finding in findings:
        covering = [waiver for waiver in case.sources.waivers if _covers(waiver, finding)]
        used.update(covering)
        if not covering:
            yield finding
    ran = {rule.id for rule in rules}
    for waiver in case.sources.waivers:
        if waiver in used or (waiver.rule not in ran and waiver.rule in {rule.id for rule in all_rules()}):
            continue
        known = any(rule.id == waiver.rule for rule in all_rules())
        what = f"the waiver of {waiver.rule} matches nothing" if known else f"no rule is called {waiver.rule}"
        origin = waiver.origin
        yield Finding(
            rule=UNUSED,
            severity="note",
            message=what + (f" with {waiver.match!r}" if known and waiver.match else ""),
            file=str(origin.path) if origin else case.sources.spec.name,
            line=origin.line if origin else 1,
            hint="remove it" if known else "see specgen rules",
        )


def _covers(waiver: Waiver, finding: Finding) -> bool:
    return waiver.rule == finding.rule and (waiver.match in finding.message or waiver.match in finding.file)
