"""Waiting for the build results of a package."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from generator.errors import ServerError
from generator.obs.records import Place, Result
from generator.obs.server import Server

GOOD = ("succeeded", "disabled", "excluded", "locked")
BAD = ("failed", "unresolvable", "broken", "blocked by failure")
INTERVAL = 5.0  # seconds between two looks; a real server is shared
APPEARANCE = 60.0  # seconds after which a package without any result counts as one that is not built


@dataclass(frozen=True)
class Waiting:
    """How to wait: seconds between looks, seconds in which results have to appear, and in which all have to be there
    (0: for ever).
    """

    interval: float = INTERVAL
    appearance: float = APPEARANCE
    most: float = 0.0


def settled(results: Sequence[Result]) -> bool:
    """Whether nothing will change without a further commit."""
    return bool(results) and all(one.settled and one.code in (*GOOD, *BAD) for one in results)


def wait_for_builds(
    server: Server,
    place: Place,
    show: Callable[[Sequence[Result]], None] = lambda _results: None,
    waiting: Waiting | None = None,
) -> tuple[Result, ...]:
    """Wait until every build has ended, and give the results.

    Raises:
        ServerError: a build did not succeed, or did not end in time; says which, and what it misses.
    """
    how = waiting or Waiting()
    begun = time.monotonic()
    while True:
        results = server.results(place)
        show(results)
        if settled(results):
            break
        passed = time.monotonic() - begun
        if not results and passed > how.appearance:
            break
        if how.most and passed > how.most:
            raise ServerError(f"{place} was still building after {how.most:.0f} seconds")
        time.sleep(how.interval)
    bad = [one for one in results if one.code not in GOOD]
    if bad:
        told = "; ".join(
            f"{one.repository}/{one.architecture} {one.code}" + (f" ({one.details})" if one.details else "")
            for one in bad
        )
        raise ServerError(f"{place} does not build: {told}", hint=f"osc results {place.project} {place.package}")
    return results
