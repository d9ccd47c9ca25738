"""Expectations: what the package's maintainer says about it holds."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.case import Case
from generator.check.expect import described, fact, met
from generator.check.rule import Hit, rule
from generator.errors import InputError
from generator.sources import Expectation


def _place(case: Case, expectation: Expectation) -> tuple[str, int]:
    origin = expectation.origin
    return (str(origin.path), origin.line) if origin else (case.sources.spec.name, 1)


@rule(
    "expectation",
    "error",
    reason="Expectations are the unit tests of packaging: their author wrote down why they must hold.",
    source="the package's own definition, or .specgen.yaml",
    example="expect: [{on: sles, absent: docker-buildx}], and a spec that builds it there",
)
def expectation_met(case: Case) -> Iterator[Hit]:
    """An expectation that does not hold, or that cannot be judged."""
    for expectation in case.sources.expectations:
        file, line = _place(case, expectation)
        because = f" ({expectation.because})" if expectation.because else ""
        failed = set()
        try:
            words = described(expectation, case.sources.name)
            for reading in case.shipped:
                if met(expectation, reading, case.view.targets[reading.target]) is False:
                    failed.add(reading.target)
        except InputError as error:
            yield Hit(error.problems[0].message, file, line, hint=error.problems[0].hint)
            continue
        if failed:
            yield Hit(f"expected, but not so: {words}{because}", file, line, frozenset(failed))


@rule(
    "expectation-unknown-name",
    "warning",
    reason="An expectation that something is absent always holds when its name is mistyped.",
    source="specgen",
    example="expect: [{absent: docker-bulidx}]",
)
def expectation_known(case: Case) -> Iterator[Hit]:
    """An absent package or patch that no target and no feature knows."""
    packages = {package.name for reading in case.good for package in reading.packages}
    patches = {source.name for reading in case.good for source in reading.sources if source.patch}
    for expectation in case.sources.expectations:
        if expectation.present or not case.good:
            continue
        try:
            expected = fact(expectation)
        except InputError:
            continue  # the rule above tells of it
        names = {expected.subject.replace("%{name}", reading.name) for reading in case.good}
        file, line = _place(case, expectation)
        if expected.relation == "patch" and expected.object not in patches:
            yield Hit(f"no target declares a patch called {expected.object}", file, line)
        elif expected.relation != "patch" and names.isdisjoint(packages):
            yield Hit(f"no target has a package called {expected.subject}", file, line, hint="mend the name")


@rule(
    "fact-missing",
    "error",
    reason="A text that the definition renders tells its facts; one that is gone or changed tells something else.",
    source="the package's own definition",
    example="README_SUSE.md with a line about DOCKER_OPTS taken out after it was rendered",
)
def fact_missing(case: Case) -> Iterator[Hit]:
    """A fact that a text of the package told when it was rendered, and does not tell any more."""
    for mention in case.sources.mentions:
        file = case.sources.files.get(mention.file)
        if file is not None and file.text.count(mention.text) < mention.times:
            text = mention.text.split("\n")[0]
            yield Hit(f"{mention.file} no longer tells of '{text}' as often as its template", mention.file, 1)
