"""`specgen submit`: take packages to an Open Build Service."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli.application import Application
from generator.cli.options import format_option, print_json, set_option, sources_option, trust_option, upstream_option
from generator.cli.submission import How, confirm, drift, show, tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from generator.check.report import Report
    from generator.submit.run import Result, Task
    from generator.submit.session import Local, Wishes


@click.command()
@click.argument("packages", nargs=-1, metavar="[PACKAGE]...")
@click.option("--to", "to", multiple=True, metavar="[ALIAS:]PROJECT", help="Where to; several are fine.")
@click.option("--commit", "direct", is_flag=True, help="Commit to the project itself instead of requesting it.")
@click.option("--message", "-m", default="", help="Of the request and the commit; otherwise the new entries.")
@click.option("--wait", is_flag=True, help="Request only when everything in the branch has been built.")
@click.option(
    "--base", multiple=True, metavar="[PROJECT=]REV", help="Others' changes up to there were taken over here."
)
@click.option("--rewrite-changes", metavar="REASON", help="Send our wording of older entries, too.")
@click.option("--maintenance", is_flag=True, help="All maintained codestreams, in one request to the project of --to.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@click.option("--rehearse", is_flag=True, help="Do it all on a private server made for this; needs no account.")
@click.option("--yes", is_flag=True, help="Send without asking.")
@set_option
@sources_option
@upstream_option
@trust_option
@format_option
@click.pass_obj
def submit(
    app: Application,
    packages: tuple[str, ...],
    to: tuple[str, ...],
    direct: bool,
    message: str,
    wait: bool,
    base: tuple[str, ...],
    rewrite_changes: str | None,
    maintenance: bool,
    dry_run: bool,
    rehearse: bool,
    yes: bool,
    settings: dict[str, str],
    sources: Path | None,
    upstream: dict[str, Path],
    trust: bool,
    format_: str,
) -> int:
    """Take packages to an Open Build Service: branch, upload, commit, request.

    What the server has and is not ours stays: archives and other external files byte for byte, and the entries of
    .changes. Everything is shown first. A run that was interrupted is simply started again: it goes on where the
    other stopped, and nothing is sent twice.

    Accounts and servers are those of osc's own configuration.
    """
    from generator.submit.session import Wishes

    if wait and (direct or rehearse):
        raise click.UsageError("--wait is for the request of a branch: --commit makes none, --rehearse builds nothing")
    if not to:
        raise click.UsageError("say where to: --to [ALIAS:]PROJECT, for example --to Virtualization:containers")
    if rewrite_changes is not None and not rewrite_changes.strip():
        raise click.UsageError("--rewrite-changes takes the reason why others' entries are to change")
    wishes = Wishes(direct=direct, wait=wait, message=message, base=base, rewrite=bool(rewrite_changes))
    wishes.check()
    locals_ = _locals(app, packages or (".",), settings, sources, upstream)
    how = How(format_, dry_run, yes, rewrite_changes or "", trust)
    if maintenance:
        from generator.cli.maintenance import maintain

        return maintain(locals_, to, wishes, how, rehearse=rehearse)
    if rehearse:
        from generator.cli.rehearsal import rehearse as on_a_private_server

        return on_a_private_server(locals_, to, wishes, how)
    return _submit(locals_, to, wishes, how)


def _locals(
    app: Application,
    packages: Sequence[str],
    settings: Mapping[str, str],
    folder: Path | None,
    upstream: Mapping[str, Path],
) -> dict[str, Local]:
    from generator.errors import InputError
    from generator.package.upstream import at_hand
    from generator.submit.session import Local

    found: dict[str, Local] = {}
    for name in packages:
        package = app.package(name, settings)
        if package.sources().name in found:
            raise InputError(f"{package.sources().name} is named twice")
        here = at_hand(package, upstream, folder)
        found[here.own.name] = Local(here.own, here.paths, here.trees)
    return found


def _submit(locals_: Mapping[str, Local], to: Sequence[str], wishes: Wishes, how: How) -> int:
    from generator.cli import proof
    from generator.cli.builds import watch
    from generator.obs.client import Configuration
    from generator.obs.server import Server
    from generator.submit.destination import projects
    from generator.submit.journal import Journal
    from generator.submit.run import apply_all, prepare_all, refuse_drift

    configuration = Configuration()
    destinations = projects(to, configuration.servers)
    wishes.check_bases([one.project for one in destinations])
    servers = {one.alias: Server(configuration.connect(one.alias)) for one in destinations}
    journals = {name: Journal(name) for name in locals_}
    with ExitStack() as stack:
        for journal in journals.values():
            stack.enter_context(journal.lock())
        tasks = prepare_all(locals_, destinations, servers, journals, wishes)
        if how.people:
            for task in tasks:
                show(task.title, task.prepared)
        refuse_drift({task.title: task.prepared for task in tasks}, drift)
        told = {"plans": [_plan(task) for task in tasks]}
        found = proof.reports([one.prepared for one in tasks if one.prepared.plan.steps], trust=how.trust)
        wrong = any(report.count("error") for report in found)
        if wrong or how.dry_run:
            if how.people:
                proof.show(found)
                if wrong:
                    click.echo("nothing was sent: the check found errors", err=True)
            else:
                print_json({**told, "results": [], "findings": _findings(found)})
            return int(wrong)
        if how.people:
            proof.show(found)
        idle = not any(task.prepared.plan.steps for task in tasks)
        if not idle:
            confirm({task.title: task.prepared for task in tasks}, how)
        results = apply_all(tasks, tell if how.people else lambda _words: None, partial(watch, people=how.people))
    if how.people and not idle:
        _table(results)
    elif not how.people:
        print_json({**told, "results": [_result(one) for one in results], "findings": _findings(found)})
    return max(one.exit_code for one in results)


def _findings(found: Sequence[Report]) -> list[Any]:
    from generator.check.report.data import package

    return [package(report) for report in found]


def _table(results: Sequence[Result]) -> None:
    width = max(len(one.task.title) for one in results)
    for one in results:
        colour = {"sent": "green", "failed": "red"}.get(one.state)
        click.echo(f"{one.task.title:<{width}}  {click.style(f'{one.state:<9}', fg=colour)}  {one.words}")


def _plan(task: Task) -> dict[str, Any]:
    from generator.submit.show import as_json

    return {"server": task.server.url, **as_json(task.prepared)}


def _result(one: Result) -> dict[str, Any]:
    from generator.cli.builds import data

    return {
        "server": one.task.server.url,
        "project": one.task.prepared.plan.destination.project,
        "package": one.task.prepared.plan.destination.package,
        "state": one.state,
        "words": one.words,
        "revision": one.revision,
        "request": one.request,
        "superseded": list(one.superseded),
        "builds": [data(build) for build in one.builds],
    }
