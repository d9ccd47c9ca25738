"""`specgen diff`: what differs between two packages, in text and in meaning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.application import Application
from generator.cli.options import (
    complete_package,
    format_option,
    macros_option,
    print_json,
    set_option,
    sources_option,
    target_option,
    targets_of,
    trust_option,
    upstream_option,
)

if TYPE_CHECKING:
    from generator.compare.difference import Difference, FileDifference


@click.command()
@click.argument("old", shell_complete=complete_package)
@click.argument("new", shell_complete=complete_package)
@target_option
@macros_option
@set_option
@sources_option
@upstream_option
@trust_option
@format_option
@click.option("--text/--no-text", default=True, help="With or without the lines of the files that differ.")
@click.pass_context
def diff(
    context: click.Context,
    old: str,
    new: str,
    targets: tuple[str, ...],
    macros: str | None,
    settings: dict[str, str],
    sources: Path | None,
    upstream: dict[str, Path],
    trust: bool,
    format_: str,
    text: bool,
) -> None:
    """Compare two packages: the files line by line, and what librpm reads in the specs on every target.

    Each side is a definition, a package directory, or [ALIAS:]PROJECT/PACKAGE[@REV] on an Open Build Service; --set,
    --sources and --upstream are for the new side. Exit code 1 where the sides differ in meaning.
    """
    from generator.cli.sides import side
    from generator.compare.difference import compare, compare_files
    from generator.librpm import Librpm

    app: Application = context.obj
    with Librpm.start(trust=trust) as librpm:
        before, after = side(app, old), side(app, new, settings, sources, upstream)
        chosen = targets_of(targets, macros, after, before)
        differences = compare(librpm.read(before, chosen), librpm.read(after, chosen))
    files = compare_files(before, after)
    if format_ == "json":
        print_json(
            {
                "old": old,
                "new": new,
                "targets": [target.name for target in chosen],
                "meaning": [_as_dict(one) for one in differences],
                "files": [{"name": one.name, "status": one.status} for one in files],
            }
        )
    else:
        _print(differences, files, [target.name for target in chosen], text)
    context.exit(1 if differences else 0)


def _as_dict(one: Difference) -> dict[str, object]:
    return {
        "subject": one.subject,
        "property": one.property,
        "old": one.before,
        "new": one.after,
        "targets": list(one.targets),
    }


def _print(
    differences: tuple[Difference, ...], files: tuple[FileDifference, ...], targets: list[str], text: bool
) -> None:
    if text:
        for file in files:
            for line in file.diff:
                colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
                click.echo(click.style(line, fg=colour, bold=line.startswith(("+++", "---"))))
        if files:
            click.echo()
    if not differences:
        same = "differ in text only" if files else "are the same"
        click.echo(f"The packages {same}: librpm reads the same on {len(targets)} targets.")
        return
    subject = None
    for one in differences:
        if one.subject != subject:
            subject = one.subject
            click.secho(subject, bold=True)
        where = "all targets" if set(one.targets) == set(targets) else ", ".join(one.targets)
        for line in _lines(one):
            click.echo(f"  {line}")
        click.echo(click.style(f"      on {where}", dim=True))
    click.echo(f"{len(differences)} differences in meaning, {len(files)} files differ in text.")


def _lines(one: Difference) -> list[str]:
    """A difference in a few lines."""
    if one.before is None or one.after is None:
        sign, value = ("+", one.after) if one.before is None else ("-", one.before)
        first, *rest = (value or "").splitlines() or [""]
        return [f"{sign} {one.property}: {first}", *(f"    {line}" for line in rest)]
    if one.property.startswith("%") or one.property == "text" or "\n" in one.before + one.after:
        sides = [("-", line) for line in one.before.splitlines()] + [("+", line) for line in one.after.splitlines()]
        return [f"{one.property}:", *(f"  {sign} {line}" for sign, line in sides if line.strip())]
    return [f"{one.property}: {one.before} → {one.after}"]
