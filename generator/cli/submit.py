"""`specgen submit`: take packages to an Open Build Service."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli.application import Application
from generator.cli.options import format_option, print_json, set_option, sources_option, trust_option, upstream_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from generator.check.report import Report
    from generator.obs.records import Place
    from generator.submit.run import Result, Task
    from generator.submit.session import Local, Prepared, Wishes

SHOWN = 400  # lines of a difference on a terminal; `specgen diff` shows all


@click.command()
@click.argument("packages", nargs=-1, metavar="[PACKAGE]...")
@click.option("--to", "to", multiple=True, required=True, metavar="[ALIAS:]PROJECT", help="Where to; several are fine.")
@click.option("--commit", "direct", is_flag=True, help="Commit to the project itself instead of requesting it.")
@click.option("--message", "-m", default="", help="Of the request and the commit; otherwise the new entries.")
@click.option("--wait", is_flag=True, help="Request only when everything in the branch has been built.")
@click.option("--base", default="", metavar="REV", help="Others' changes up to this revision were taken over here.")
@click.option("--rewrite-changes", metavar="REASON", default="", help="Send our wording of older entries, too.")
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
    base: str,
    rewrite_changes: str,
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

    if wait and (direct or rehearse or maintenance):
        raise click.UsageError("--wait is for a request of one's branch: not with --commit, --rehearse, --maintenance")
    wishes = Wishes(direct=direct, wait=wait, message=message, base=base, rewrite=bool(rewrite_changes))
    locals_ = _locals(app, packages or (".",), settings, sources, upstream)
    if rehearse and maintenance:
        raise click.UsageError("--maintenance cannot be rehearsed: use --dry-run")
    if rehearse:
        return _rehearse(locals_, to, wishes, format_, trust=trust)
    how = How(format_, dry_run, yes, rewrite_changes, trust)
    if maintenance:
        from generator.cli.maintenance import maintain

        return maintain(locals_, to, wishes, how, _show, lambda: _confirm([], yes=yes, reason=""))
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


@dataclass(frozen=True)
class How:
    """How a run talks to people and programs, and what it may do without asking."""

    format: str
    dry_run: bool
    yes: bool
    reason: str
    trust: bool

    @property
    def people(self) -> bool:
        """Whether people read the output."""
        return self.format == "text"


def _submit(locals_: Mapping[str, Local], to: Sequence[str], wishes: Wishes, how: How) -> int:
    from generator.cli import proof
    from generator.cli.builds import watch
    from generator.obs.client import Configuration
    from generator.obs.server import Server
    from generator.submit.destination import destination
    from generator.submit.journal import Journal
    from generator.submit.run import apply_all, prepare_all, refuse_drift

    configuration = Configuration()
    destinations = [destination(one, configuration.aliases) for one in to]
    servers = {one.alias: Server(configuration.connect(one.alias)) for one in destinations}
    journals = {name: Journal(name) for name in locals_}
    with ExitStack() as stack:
        for journal in journals.values():
            stack.enter_context(journal.lock())
        tasks = prepare_all(locals_, destinations, servers, journals, wishes)
        if how.people:
            for task in tasks:
                _show(task.title, task.prepared)
        refuse_drift(tasks, _drift)
        told = {"plans": [_plan(task) for task in tasks]}
        found = proof.reports([task.prepared for task in tasks], trust=how.trust)
        wrong = any(report.count("error") for report in found)
        if wrong or how.dry_run or not any(task.prepared.plan.steps for task in tasks):
            if how.people:
                proof.show(found)
                if wrong:
                    click.echo("nothing was sent: the check found errors", err=True)
            else:
                print_json({**told, "results": [], "findings": _findings(found)})
            return int(wrong)
        if how.people:
            proof.show(found)
        _confirm(tasks, yes=how.yes, reason=how.reason)
        builds = (lambda server, place: watch(server, place, people=how.people)) if wishes.wait else None
        results = apply_all(tasks, _tell if how.people else lambda _words: None, builds)
    if how.people:
        _table(results)
    else:
        print_json({**told, "results": [_result(one) for one in results], "findings": _findings(found)})
    return max(one.exit_code for one in results)


def _findings(found: Sequence[Report]) -> list[Any]:
    from generator.check.report.data import package

    return [package(report) for report in found]


def _rehearse(locals_: Mapping[str, Local], to: Sequence[str], wishes: Wishes, format_: str, *, trust: bool) -> int:
    from generator.cli import proof
    from generator.submit.rehearsal import stage

    found = _as_on_the_server(locals_, to)
    told = []
    with stage() as private:
        if format_ == "text":
            click.echo(f"rehearsing on a private Open Build Service at {private.private.url}")
        for (name, place), held in found.items():
            private.furnish(place, held)
            prepared = private.prepare(locals_[name], place, wishes)
            reports = proof.reports([prepared], trust=trust)
            if format_ == "text":
                proof.show(reports)
            if any(report.count("error") for report in reports):
                click.echo("the real run would stop here: the check found errors", err=True)
                return 1
            done = private.play(prepared, _tell if format_ == "text" else lambda _words: None)
            if format_ == "text":
                _cut(done.diff.splitlines())
                what = f"request {done.outcome.request}, accepted" if done.accepted else "committed"
                click.secho(f"{place}: {what}; it holds exactly the planned files", bold=True)
            else:
                told.append({"project": place.project, "package": name, "request": done.outcome.request})
    if format_ == "text":
        click.echo("The backend was a real one, the front end specgen's stand-in; all of it is gone.")
    else:
        print_json({"rehearsed": told})
    return 0


def _as_on_the_server(locals_: Mapping[str, Local], to: Sequence[str]) -> dict[tuple[str, Place], Any]:
    """What the real server holds of each target, or nothing where there is no account to ask with."""
    from generator.errors import RefusalError, ServerError
    from generator.obs.client import Configuration
    from generator.obs.server import Server
    from generator.submit.destination import destination
    from generator.submit.fetch import fetch

    try:
        configuration = Configuration()
        aliases = configuration.aliases
    except RefusalError:
        configuration, aliases = None, {}
    found: dict[tuple[str, Place], Any] = {}
    for one in (destination(text, aliases) for text in to):
        for name, local in locals_.items():
            place, held = one.place(name), None
            try:
                if configuration is not None:
                    server = Server(configuration.connect(one.alias))
                    listing = server.listing(place)
                    held = fetch(server, listing, local.sources.files) if listing else None
            except (RefusalError, ServerError) as error:
                click.echo(f"{place} cannot be asked for: {error}", err=True)
            if held is None:
                held = _stand_in(local)
                click.echo(f"{place} is rehearsed from nothing: archives are stand-ins", err=True)
            found[name, place] = held
    return found


def _stand_in(local: Local) -> Any:
    """A target that holds nothing but the files that are not ours, so that what is ours is new."""
    from generator.sources import Sources

    made = {patch.file for _, patch in local.sources.templated}
    others = tuple(one for one in local.sources.externals if one.name not in made)
    return Sources(local.sources.name, {}, externals=others)


def _show(title: str, prepared: Prepared) -> None:
    from generator.submit.show import difference

    click.secho(title, bold=True)
    if not prepared.plan.steps:
        click.echo(f"  nothing to do: {prepared.plan.reason}")
        return
    for step in prepared.plan.steps:
        click.echo(f"  {step.words}")
    for name, why in prepared.plan.removed.items():
        click.echo(f"  {name} goes: {why}")
    for warning in prepared.warnings:
        click.secho(f"  warning: {warning}", fg="yellow")
    _cut(list(difference(prepared)))


def _cut(lines: Sequence[str]) -> None:
    for line in lines[:SHOWN]:
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(line.encode("utf-8", "replace").decode(), fg=colour)
    if len(lines) > SHOWN:
        click.echo(f"… and {len(lines) - SHOWN} more lines")


def _drift(prepared: Prepared) -> list[str]:
    from generator.submit.show import drift_lines

    return [line for one in prepared.drift for line in drift_lines(one)]


def _confirm(tasks: Sequence[Task], *, yes: bool, reason: str) -> None:
    from generator.errors import RefusalError

    for task in tasks:
        for name, changes in task.prepared.merged.changes.items():
            for ours, theirs in changes.rewritten if reason else ():
                click.echo(f"{task.title}: {name}: the entry of {theirs.header} is rewritten: {reason}", err=True)
                click.echo("\n".join(f"  -{line}" for line in theirs.body.splitlines()), err=True)
                click.echo("\n".join(f"  +{line}" for line in ours.body.splitlines()), err=True)
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise RefusalError("nobody can be asked whether to send this", hint="say --yes, or --dry-run to look only")
    click.confirm("Send this?", abort=True)


def _tell(words: str) -> None:
    click.echo(f"… {words}")


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
