"""`specgen status`: what was submitted from here, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from generator.cli.application import Application
from generator.cli.options import format_option, print_json

if TYPE_CHECKING:
    from generator.obs.client import Configuration
    from generator.submit.journal import Sent


@click.command()
@click.argument("packages", nargs=-1, metavar="[PACKAGE]...")
@click.option("--offline", is_flag=True, help="Only what is remembered here; no server is asked.")
@format_option
@click.pass_obj
def status(_app: Application, packages: tuple[str, ...], offline: bool, format_: str) -> int:
    """Show what was submitted from here: requests and their states, builds, runs that did not come to their end."""
    from generator.cli.builds import line
    from generator.errors import InputError
    from generator.submit import journal

    known = journal.packages()
    names = list(packages) or known
    for name in names:
        if name not in known:
            raise InputError(
                f"nothing called {name} was submitted from here", hint=f"known: {', '.join(known) or 'none'}"
            )
    configuration = None if offline or not names else _configuration()
    rows = []
    for name in names:
        memory = journal.Journal(name)
        last = {(one.server, one.project, one.package): one for one in memory.submissions()}
        rows += [_row(one, configuration) for one in last.values()]
        keys = {tuple(line["to"]) for line in memory.lines() if "to" in line}
        rows += [
            _unfinished(key, memory.unfinished(*key), configuration) for key in sorted(keys) if memory.unfinished(*key)
        ]
    if format_ == "json":
        print_json({"submissions": rows})
        return 0
    for row in rows:
        click.secho(f"{row['project']}/{row['package']}", bold=True, nl=False)
        click.echo(f"  {row['server']}  {row['at']}\n  {row['words']}")
        for build in row["builds"]:
            click.echo(f"  {line(build)}")
    if not rows:
        click.echo("nothing was submitted from here")
    return 0


def _configuration() -> Configuration | None:
    """osc's configuration; None, with a word on standard error, where it is not usable."""
    from generator.errors import RefusalError
    from generator.obs.client import Configuration

    try:
        return Configuration()
    except RefusalError as error:
        click.echo(f"no server is asked: {error.problems[0].message}", err=True)
        return None


def _row(sent: Sent, configuration: Configuration | None) -> dict[str, Any]:
    words = f"request {sent.request}" if sent.request else f"revision {sent.revision}"
    row: dict[str, Any] = {
        "server": sent.server,
        "project": sent.project,
        "package": sent.package,
        "at": sent.at,
        "work": sent.work,
        "request": sent.request,
        "revision": sent.revision,
        "state": "",
        "words": words,
        "builds": [],
    }
    _ask(row, configuration)
    return row


def _unfinished(
    key: tuple[str, str, str], lines: list[dict[str, Any]], configuration: Configuration | None
) -> dict[str, Any]:
    last = lines[-1]
    done = f"{last['phase']} {last['step']}" + (f" {last['subject']}" if last.get("subject") else "")
    row = {
        "server": key[0],
        "project": key[1],
        "package": key[2],
        "at": "",
        "work": last.get("work", ""),
        "request": last.get("request", 0),
        "revision": last.get("revision", 0),
        "state": "unfinished",
        "words": f"a run did not come to its end ({done}); the same submission goes on from there",
        "builds": [],
    }
    _ask(row, configuration)
    return row


def _ask(row: dict[str, Any], configuration: Configuration | None) -> None:
    """Add what the server says now of the request and of the branch's builds."""
    from generator.cli.builds import data
    from generator.errors import SpecgenError
    from generator.obs.records import Place
    from generator.obs.server import Server

    if configuration is None:
        return
    try:
        server = Server(configuration.connect(row["server"]))
        if row["request"] and not row["state"]:
            request = server.request(row["request"])
            by = f" by request {request.superseded_by}" if request.superseded_by else ""
            row["state"], row["words"] = request.state, f"{row['words']}: {request.state}{by}"
        project, _, package = row["work"].rpartition("/")
        if project and server.exists(project, package):
            row["builds"] = [data(one) for one in server.results(Place(project, package))]
    except SpecgenError as error:
        row["words"] += f"; the server cannot be asked: {error.problems[0].message}"
