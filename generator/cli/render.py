"""`specgen render`: write a package directory from a definition."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli.application import Application, shown
from generator.cli.options import (
    complete_package,
    format_option,
    print_json,
    set_option,
    sources_option,
    upstream_option,
)
from generator.errors import InputError


def _output(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
    if value == "":
        raise click.BadParameter("the name of the directory is empty")
    return Path(value) if value else None


@click.command()
@click.argument("package", default=".", shell_complete=complete_package)
@click.option("-o", "--output", type=click.Path(file_okay=False), callback=_output, help="Default: ./rendered/PACKAGE.")
@set_option
@sources_option
@upstream_option
@format_option
@click.pass_obj
def render(
    app: Application,
    package: str,
    output: Path | None,
    settings: dict[str, str],
    sources: Path | None,
    upstream: dict[str, Path],
    format_: str,
) -> None:
    """Write the package directory that a definition describes.

    Only files whose bytes differ are written, and each is old or new at any moment; other files in the directory stay.
    """
    from generator.package.defined import Defined
    from generator.package.directory import write
    from generator.package.upstream import at_hand, require_patches

    found = app.package(package, settings)
    if not isinstance(found, Defined):
        raise InputError(f"{package} has no definition to render", hint="specgen check works without one")
    here = at_hand(found, upstream, sources)
    target = output or Path("rendered") / found.name
    require_patches(here.own, target)
    report = write(here.own, target, here.paths)
    if format_ == "json":
        print_json({"directory": str(target), **report.as_dict()})
        return
    for name in report.written:
        click.echo(f"wrote  {shown(target / name)}")
    for name in report.others:
        click.echo(f"stays  {shown(target / name)} (not of this definition)")
    missing = [external.name for external in here.own.externals if not (target / external.name).exists()]
    count = f"{len(report.written)} written, {len(report.unchanged)} unchanged"
    click.echo(f"{shown(target)}: {count}" + (f", {len(missing)} external files not here" if missing else ""))
