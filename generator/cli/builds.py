"""Build results on a terminal: a live table, or plain lines where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table

    from generator.obs.records import BuildResult, Place
    from generator.obs.server import Server
    from generator.submit.builds import Waiting

COLOURS = {"succeeded": "green", "failed": "red", "unresolvable": "red", "broken": "red", "building": "blue"}


def data(result: BuildResult) -> dict[str, Any]:
    """One result for programs."""
    return {
        "package": result.package,
        "repository": result.repository,
        "architecture": result.architecture,
        "state": result.code,
        "details": result.details,
        "settled": result.settled,
    }


def line(build: dict[str, Any]) -> str:
    """One result, as `data` gives it, for people."""
    _, _, flavour = build["package"].partition(":")
    told = f"{build['repository']}/{build['architecture']}" + (f" {flavour}" if flavour else "") + f": {build['state']}"
    return told + (f" ({build['details']})" if build["details"] else "")


def table(place: Place, results: Sequence[BuildResult], note: str = "") -> Table:
    """The results as a table of repositories and architectures."""
    from rich.table import Table
    from rich.text import Text

    flavours = any(":" in one.package for one in results)
    headings = (*(("package",) if flavours else ()), "repository", "architecture", "state", "details")
    shown = Table(*headings, title=str(place), title_justify="left", caption=Text(note), caption_justify="left")
    for one in results:
        cells = (*((one.package,) if flavours else ()), one.repository, one.architecture)
        shown.add_row(*map(Text, cells), Text(one.code, style=COLOURS.get(one.code, "")), Text(one.details))
    return shown


def watch(
    server: Server, place: Place, waiting: Waiting | None = None, *, people: bool = True
) -> tuple[BuildResult, ...]:
    """Wait for the builds of a package, show how they stand, and give the results.

    On a terminal that is a table, elsewhere a line for every change; where programs read the output, on standard error.

    Raises:
        ServerError: the server refuses, or is away for too long.
    """
    from rich.console import Console
    from rich.live import Live

    from generator.submit.builds import wait_for_builds

    console = Console()
    if people and console.is_terminal:
        with Live(table(place, ()), console=console, auto_refresh=False) as live:

            def draw(results: Sequence[BuildResult], note: str) -> None:
                live.update(table(place, results, note), refresh=True)

            return wait_for_builds(server, place, draw, waiting)
    told: set[str] = set()

    def tell(results: Sequence[BuildResult], note: str) -> None:
        nonlocal told
        lines = [line(data(one)) for one in results]
        for words in [*lines, *([note] if note else [])]:
            if words not in told:
                click.echo(f"  {words}", err=not people)
        told = {*lines, note}

    return wait_for_builds(server, place, tell, waiting)
