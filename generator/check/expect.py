"""Expectations: the unit tests of packaging. Reading the fact, and judging it against one reading."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

from generator.compare.facts import applied as patches_applied
from generator.condition import Situation, evaluate
from generator.errors import InputError
from generator.reading import PackageReading, Reading
from generator.sources import Expectation
from generator.targets import Target

RELATIONS = ("requires", "recommends", "suggests", "supplements", "enhances", "provides", "conflicts", "obsoletes")


class Fact(NamedTuple):
    """A fact: of a package (`subject`) its being there (no `relation`), a dependency, or a file; or of a patch."""

    subject: str
    relation: str = ""
    object: str = ""

    def holds(self, reading: Reading) -> bool:
        """Whether the fact is so in this reading."""
        if self.relation == "patch":
            return self.object in applied(reading)
        packages = [package for package in reading.packages if package.name == self._name(self.subject, reading)]
        wanted = self._name(self.object, reading)
        if self.relation == "has":
            return any(fnmatchcase(path, wanted) for package in packages for path in paths(package))
        if self.relation:
            return any(_matches(wanted, text) for package in packages for text in self._dependencies(package))
        return bool(packages)

    def _dependencies(self, package: PackageReading) -> Iterator[str]:
        for dependency in package.dependencies.get(self.relation, ()):
            yield dependency.text

    @staticmethod
    def _name(text: str, reading: Reading) -> str:
        return text.replace("%{name}", reading.name)


def fact(expectation: Expectation) -> Fact:
    """The fact that an expectation names.

    Raises:
        InputError: it is none of the known forms.
    """
    words = expectation.fact.split()
    match words:
        case ["patch", name]:
            return Fact("", "patch", name)
        case [subject]:
            return Fact(subject)
        case [subject, "has", path] if path.startswith(("/", "%{")):
            return Fact(subject, "has", path)
        case [subject, relation, *rest] if relation in RELATIONS and rest:
            return Fact(subject, relation, " ".join(rest))
    raise InputError(
        f"the fact {expectation.fact!r} cannot be read",
        expectation.origin,
        f"write PACKAGE, PACKAGE has /PATH, patch NAME, or PACKAGE {'|'.join(RELATIONS)} DEPENDENCY",
    )


def asked(expectation: Expectation, reading: Reading, target: Target) -> bool:
    """Whether the expectation says anything about this reading.

    Raises:
        InputError: its condition cannot be decided.
    """
    if expectation.on is None:
        return True
    macros = {**target.macros, "name": reading.name, "version": reading.version}
    return evaluate(expectation.on, Situation(macros, reading.states, target.architecture))


def met(expectation: Expectation, reading: Reading, target: Target) -> bool | None:
    """Whether the expectation is met by this reading; None where it does not ask.

    Raises:
        InputError: the fact or the condition cannot be read.
    """
    if not asked(expectation, reading, target):
        return None
    return fact(expectation).holds(reading) is expectation.present


def described(expectation: Expectation, name: str) -> str:
    """The expectation in words, of a package called `name`."""
    parsed = fact(expectation)
    if "%{name}" in expectation.fact:
        return described(msgspec.structs.replace(expectation, fact=expectation.fact.replace("%{name}", name)), name)
    if parsed.relation == "patch":
        return f"patch {parsed.object} is {'' if expectation.present else 'not '}applied"
    if parsed.relation:
        return expectation.fact if expectation.present else f"no {expectation.fact}"
    return f"{parsed.subject} is {'there' if expectation.present else 'absent'}"


def paths(package: PackageReading) -> Iterator[str]:
    """The paths of a package's %files section, without their attributes."""
    for line in package.files:
        for word in line.split():
            if word.startswith("/"):
                yield word.rstrip("/") or "/"


def applied(reading: Reading) -> dict[str, str]:
    """The patches that the reading's %prep applies, in order, each with the folder where it is applied first."""
    found: dict[str, str] = {}
    for patch in patches_applied(reading):
        found.setdefault(patch.name, patch.folder)
    return found


def _matches(wanted: str, text: str) -> bool:
    """A dependency without a version is met by every version of it."""
    text = " ".join(text.split())
    if text == wanted:
        return True
    name, space, _ = text.partition(" ")
    return bool(space) and name == wanted and not text.startswith("(")
