"""`specgen submit --maintenance`: all maintained codestreams in one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from generator.cli.options import print_json
from generator.cli.submission import confirm, drift, show, tell
from generator.errors import InputError

if TYPE_CHECKING:
    from generator.cli.submission import How
    from generator.obs.server import Server
    from generator.submit.maintenance import Incident, Outcome
    from generator.submit.session import Local, Wishes


def maintain(
    locals_: Mapping[str, Local], to: Sequence[str], wishes: Wishes, how: How, *, rehearse: bool = False
) -> int:
    """Show every codestream, check it, ask, and submit (or rehearse all that); gives the exit code.

    Raises:
        SpecgenError: as the steps do.
    """
    if len(to) != 1 or wishes.direct:
        raise InputError("--maintenance takes one --to, the maintenance project, and makes a request")
    for local in locals_.values():
        _name_git(local)
    if rehearse:
        from generator.cli.rehearsal import rehearse_maintenance

        return max(rehearse_maintenance(local, to[0], wishes, how) for local in locals_.values())

    from generator.cli.builds import watch
    from generator.obs.client import Configuration
    from generator.obs.server import Server
    from generator.submit import maintenance
    from generator.submit.destination import projects
    from generator.submit.journal import Journal

    configuration = Configuration()
    (where,) = projects(to, configuration.servers)
    server = Server(configuration.connect(where.alias))
    plans, results = [], []
    with ExitStack() as stack:
        for name, local in locals_.items():
            journal = Journal(name)
            stack.enter_context(journal.lock())
            incident = maintenance.look(server, local, journal, where.project, wishes)
            plans.append(_plan(server, incident))
            if not _passes(incident, how):
                click.echo("nothing was sent: the check found errors", err=True)
                return 1
            if how.dry_run:
                results.append(_result(name, incident.open))
                continue
            if not incident.reason:
                confirm({str(one.origin): one.prepared for one in incident.codestreams}, how)
            words = tell if how.people else lambda _words: None
            builds = partial(watch, people=how.people)
            done = maintenance.Submission(server, local, incident, journal, wishes, words, builds).run()
            results.append(_result(name, done.request, done))
            if how.people and not incident.reason:
                replaced = f", superseding {', '.join(map(str, done.superseded))}" if done.superseded else ""
                click.secho(f"{name}: request {done.request}{replaced}", fg="green")
    if not how.people:
        print_json({"plans": plans, "results": results})
    return 0


def _passes(incident: Incident, how: How) -> bool:
    """Show the incident, stop where others changed what is ours, and check every codestream.

    Raises:
        RefusalError: others changed something.
    """
    from generator.cli import proof
    from generator.submit.run import refuse_drift

    by_title = {str(one.origin): one.prepared for one in incident.codestreams}
    if how.people:
        _show(incident)
    if incident.reason:
        return True
    refuse_drift(by_title, drift)
    reports = proof.reports(list(by_title.values()), trust=how.trust)
    if how.people:
        proof.show(reports)
    return not any(report.count("error") for report in reports)


def _show(incident: Incident) -> None:
    if not incident.reason:
        for one in incident.codestreams:
            show(str(one.origin), one.prepared)
            for warning in one.warnings[len(one.prepared.warnings) :]:
                click.secho(f"  warning: {warning}", fg="yellow")
    click.secho(str(incident.target), bold=True)
    for step in incident.steps:
        click.echo(f"  {step.words}")
    if incident.reason:
        click.echo(f"  nothing to do: {incident.reason}")


def _plan(server: Server, incident: Incident) -> dict[str, Any]:
    from generator.submit.show import as_json

    return {
        "server": server.url,
        "project": incident.target.project,
        "package": incident.target.package,
        "message": incident.message,
        "nothing": incident.reason,
        "steps": [{"kind": step.kind, "words": step.words, "subject": step.subject} for step in incident.steps],
        "codestreams": [{**as_json(one.prepared), "warnings": list(one.warnings)} for one in incident.codestreams],
    }


def _result(package: str, request: int, done: Outcome | None = None) -> dict[str, Any]:
    from generator.cli.builds import data

    return {
        "package": package,
        "request": request,
        "created": bool(done and done.created),
        "superseded": list(done.superseded) if done else [],
        "branches": [str(branch) for branch in done.branches] if done else [],
        "builds": [data(build) for build in done.builds] if done else [],
    }


def _name_git(local: Local) -> None:
    """Name the package's targets that take no request in OBS, and what to do there instead."""
    from generator.targets import load

    names = [name for name in local.sources.targets if load(name).git]
    if names:
        package = local.sources.name
        click.echo(f"{', '.join(names)}: kept in git, not part of this request. There, by pull request:", err=True)
        click.echo(f"  fork pool/{package} on src.opensuse.org and clone the fork", err=True)
        click.echo(
            "  make a branch from the product's branch, with the files of `specgen render` or of this folder", err=True
        )
        click.echo("  push archives to LFS before the branch, then open the pull request", err=True)
