"""Waiting for the build results of a package, and what they mean."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from generator.errors import Problem, RefusalError, ServerError
from generator.obs.answers import AnswerError, UnreachableError
from generator.obs.records import BuildResult, Place
from generator.obs.server import Server

BUILT = ("succeeded", "failed")
LEFT_OUT = ("disabled", "excluded", "locked")
BAD = ("failed", "unresolvable", "broken")
FINAL = frozenset({*BUILT, *LEFT_OUT, *BAD})

Show = Callable[[Sequence[BuildResult], str], None]
"""Gets the results after every look, and a note where the server could not be asked."""


Builds = Callable[[Server, Place], tuple[BuildResult, ...]]
"""Waits for the builds of a branch and gives their results, bad ones too."""


@dataclass(frozen=True)
class Waiting:
    """How to wait, in seconds.

    The pause between two looks grows from `first` to `longest`, as a real server is shared. `appearance` is how long a
    project may be without any repository; `steady` how long a state has to last that no build stands behind; `away` how
    long the server may be silent.
    """

    first: float = 1.0
    longest: float = 10.0
    appearance: float = 20.0
    steady: float = 10.0
    away: float = 1800.0


@dataclass
class Watch:
    """What was seen, and when; decides when nothing more is to be expected. Moments are seconds of any clock."""

    how: Waiting
    begun: float
    results: tuple[BuildResult, ...] = ()
    _since: float = field(init=False)
    _heard: float = field(init=False)

    def __post_init__(self) -> None:
        self._since = self._heard = self.begun

    def seen(self, results: tuple[BuildResult, ...], now: float) -> bool:
        """Note what was seen, and tell whether it is the end."""
        if _states(results) != _states(self.results):
            self._since = now
        self.results, self._heard = results, now
        if not results:
            return now - self.begun >= self.how.appearance
        if not settled(results):
            return False
        return all(one.code in BUILT for one in results) or now - self._since >= self.how.steady

    def patient(self, now: float) -> bool:
        """Whether a server that has been silent until now may still come back."""
        return now - self._heard < self.how.away


def _states(results: Sequence[BuildResult]) -> set[tuple[tuple[str, str, str], str, bool]]:
    return {(one.key, one.code, one.settled) for one in results}


def settled(results: Sequence[BuildResult]) -> bool:
    """Whether nothing will change without a further commit."""
    return bool(results) and all(one.settled and one.code in FINAL for one in results)


def wait_for_builds(
    server: Server,
    place: Place,
    show: Show = lambda _results, _note: None,
    waiting: Waiting | None = None,
) -> tuple[BuildResult, ...]:
    """Wait until every build of the package's present files has ended, and give the results, bad ones too.

    A server that is away for a while is asked again.

    Raises:
        ServerError: the server refuses, or is away for too long.
    """
    how = waiting or Waiting()
    watch = Watch(how, time.monotonic())
    proven: set[tuple[str, str, str]] = set()
    pause = how.first
    while True:
        try:
            results = look(server, place, proven)
        except (AnswerError, UnreachableError) as error:
            if not error.transient or not watch.patient(time.monotonic()):
                raise
            show(watch.results, f"{error.problems[0].message}; asking again")
        else:
            ended = watch.seen(results, time.monotonic())
            show(results, "")
            if ended:
                return results
        time.sleep(pause)
        pause = min(pause * 1.5, how.longest)


def look(server: Server, place: Place, proven: set[tuple[str, str, str]]) -> tuple[BuildResult, ...]:
    """The results now. One of an earlier commit, which a busy server shows for a while, is not settled.

    `proven` holds what is known to be built of the present files, and grows.
    """
    results = server.results(place)
    if settled(results):
        unproven = [one for one in results if one.code in BUILT and one.key not in proven]
        digests = server.source_digests(place) if unproven else frozenset()
        proven |= {one.key for one in unproven if digests & server.built_digests(place.project, one)}
        results = tuple(
            replace(one, settled=False, details="of an earlier commit")
            if one.code in BUILT and one.key not in proven
            else one
            for one in results
        )
    return results


def require_success(server: Server, place: Place, results: Sequence[BuildResult]) -> None:
    """Refuse to go on unless the package was built, and everywhere where it was, with success.

    Raises:
        ServerError: a build did not succeed: where, how, why, and how to see its log.
        RefusalError: nothing was built at all.
    """
    bad = [one for one in results if one.code in BAD]
    if bad:
        raise ServerError([_problem(server, place, one) for one in bad])
    if not any(one.code == "succeeded" for one in results):
        told = "; ".join(f"{_where(one)}: {one.code}" for one in results) or "its project has no repository"
        raise RefusalError(f"{place} is built nowhere ({told})", hint="enable its builds, or submit without --wait")


def _where(result: BuildResult) -> str:
    return f"{result.repository}/{result.architecture}"


def _problem(server: Server, place: Place, result: BuildResult) -> Problem:
    why = result.details
    if not why and result.code == "failed":
        try:
            why = reason(server.log_end(place.project, result))
        except ServerError:
            why = ""
    message = f"{place.project}/{result.package} does not build in {_where(result)}: {result.code}"
    see = f"more: osc -A {server.url} results {place.project} {place.package}"
    if result.code == "failed":
        where = f"{place.project} {result.package} {result.repository} {result.architecture}"
        see = f"its log: osc -A {server.url} remotebuildlog {where}"
    return Problem(message + (f": {why}" if why else ""), hint=see)


def reason(log: str) -> str:
    """Why a build failed, from the end of its log: what rpmbuild sums up, else the last error, else the last line."""
    lines = [re.sub(r"^\[ *\d+s\] ?", "", line).rstrip() for line in log.splitlines()]
    lines = ["".join(letter if letter.isprintable() else " " for letter in line) for line in lines if line]
    if "RPM build errors:" in lines:
        at = len(lines) - lines[::-1].index("RPM build errors:")
        summed = [line.strip() for line in takewhile(lambda line: line.startswith(" "), lines[at:])]
        if summed:
            return "; ".join(dict.fromkeys(summed))
    errors = [line for line in lines if "error:" in line.lower()]
    return (errors or lines or [""])[-1]
