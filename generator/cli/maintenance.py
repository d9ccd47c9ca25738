"""`specgen submit --maintenance`: all maintained codestreams in one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from generator.cli.options import print_json
from generator.errors import InputError

if TYPE_CHECKING:
    from generator.cli.submit import How
    from generator.submit.maintenance import Codestream
    from generator.submit.session import Local, Prepared, Wishes


def maintain(
    locals_: Mapping[str, Local],
    to: Sequence[str],
    wishes: Wishes,
    how: How,
    show: Callable[[str, Prepared], None],
    confirm: Callable[[], None],
) -> int:
    """Show every codestream, check it, ask, and submit; gives the exit code.

    Raises:
        SpecgenError: as the steps do.
    """
    from generator.cli import proof
    from generator.errors import RefusalError
    from generator.obs.client import Configuration
    from generator.obs.server import Server
    from generator.submit import maintenance
    from generator.submit.destination import destination
    from generator.submit.journal import Journal

    if len(to) != 1 or wishes.direct:
        raise InputError("--maintenance takes one --to, the maintenance project, and makes a request")
    configuration = Configuration()
    where = destination(to[0], configuration.aliases)
    server = Server(configuration.connect(where.alias))
    results: list[dict[str, Any]] = []
    with ExitStack() as stack:
        for name, local in locals_.items():
            _name_git(local)
            journal = Journal(name)
            stack.enter_context(journal.lock())
            found = maintenance.look(server, local, journal, wishes)
            if how.people:
                _show(found, show)
            drifted = [one for one in found if one.prepared.drift]
            if drifted:
                names = ", ".join(str(one.origin) for one in drifted)
                raise RefusalError(f"changed by others since specgen sent it: {names}", hint="see specgen diff")
            reports = proof.reports([one.prepared for one in found], trust=how.trust)
            if how.people:
                proof.show(reports)
            if any(report.count("error") for report in reports):
                click.echo("nothing was sent: the check found errors", err=True)
                return 1
            if how.dry_run or not found:
                click.echo(f"{name}: " + ("nothing was sent" if found else "every codestream has it"), err=True)
                continue
            confirm()
            tell = (lambda words: click.echo(f"… {words}")) if how.people else (lambda _words: None)
            done = maintenance.submit(server, local, found, journal, where.project, wishes.message, tell)
            results.append(
                {
                    "package": name,
                    "request": done.request,
                    "created": done.created,
                    "superseded": list(done.superseded),
                    "branches": [str(branch) for branch in done.branches],
                }
            )
            if how.people:
                click.echo(f"{name}: request {done.request}" + ("" if done.created else ", which was there before"))
    if not how.people:
        print_json({"results": results})
    return 0


def _show(found: Sequence[Codestream], show: Callable[[str, Prepared], None]) -> None:
    for one in found:
        show(str(one.origin), one.prepared)
        for warning in set(one.warnings) - set(one.prepared.warnings):
            click.secho(f"  warning: {warning}", fg="yellow")


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
