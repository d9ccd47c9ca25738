"""Build results on a terminal: a live table, or plain lines where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

    from generator.obs.records import Place, Result
    from generator.obs.server import Server
    from generator.submit.builds import Waiting

COLOURS = {"succeeded": "green", "failed": "red", "unresolvable": "red", "broken": "red", "building": "blue"}


def table(place: Place, results: Sequence[Result]) -> Table:
    """The results as a table of repositories and architectures."""
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=str(place), title_justify="left")
    for heading in ("repository", "architecture", "state", "details"):
        shown.add_column(heading)
    for one in results:
        state = one.code if one.settled else f"{one.code} (being looked at)"
        shown.add_row(one.repository, one.architecture, Text(state, style=COLOURS.get(one.code, "")), one.details)
    return shown


def watch(server: Server, place: Place, waiting: Waiting | None = None) -> None:
    """Wait for the builds of a package and show how they stand.

    Raises:
        ServerError: a build does not succeed.
    """
    from rich.console import Console
    from rich.live import Live

    from generator.submit.builds import wait_for_builds

    console = Console()
    if not console.is_terminal:
        last: list[Sequence[Result]] = []

        def tell(results: Sequence[Result]) -> None:
            if not last or last[-1] != results:
                last.append(results)
                for one in results:
                    click.echo(f"  {one.repository}/{one.architecture}: {one.code} {one.details}".rstrip())

        wait_for_builds(server, place, tell, waiting)
        return
    with Live(table(place, ()), console=console, refresh_per_second=4) as live:
        wait_for_builds(server, place, lambda results: live.update(table(place, results)), waiting)
