"""What the commands that submit have in common: how a plan is shown, and how people are asked."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from generator.submit.session import Prepared

SHOWN = 400  # lines of a difference on a terminal; `specgen diff` shows all


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


def show(title: str, prepared: Prepared) -> None:
    """Print a plan: its steps, warnings, and what differs."""
    from generator.submit.show import difference

    click.secho(title, bold=True)
    if prepared.plan.reason:
        click.echo(f"  nothing to do: {prepared.plan.reason}")
        return
    for step in prepared.plan.steps:
        click.echo(f"  {step.words}")
    for name, why in prepared.plan.removed.items():
        click.echo(f"  {name} goes: {why}")
    for warning in prepared.warnings:
        click.secho(f"  warning: {warning}", fg="yellow")
    cut(list(difference(prepared)))


def cut(lines: Sequence[str]) -> None:
    """Print the beginning of a difference."""
    for line in lines[:SHOWN]:
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(line.encode("utf-8", "replace").decode(), fg=colour)
    if len(lines) > SHOWN:
        click.echo(f"… and {len(lines) - SHOWN} more lines")


def drift(prepared: Prepared) -> list[str]:
    """What others changed, in lines."""
    from generator.submit.show import drift_lines

    return [line for one in prepared.drift for line in drift_lines(one)]


def confirm(submissions: Mapping[str, Prepared], how: How) -> None:
    """Show entries that are rewritten, and ask whether to send all this.

    Raises:
        RefusalError: nobody can be asked.
    """
    from generator.errors import RefusalError

    for title, prepared in submissions.items():
        for name, changes in prepared.merged.changes.items():
            for ours, theirs in changes.rewritten if how.reason else ():
                click.echo(f"{title}: {name}: the entry of {theirs.header} is rewritten: {how.reason}", err=True)
                click.echo("\n".join(f"  -{line}" for line in theirs.body.splitlines()), err=True)
                click.echo("\n".join(f"  +{line}" for line in ours.body.splitlines()), err=True)
    if how.yes:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise RefusalError("nobody can be asked whether to send this", hint="say --yes, or --dry-run to look only")
    click.confirm("Send this?", abort=True)


def tell(words: str) -> None:
    """Say which step is begun."""
    click.echo(f"… {words}")
