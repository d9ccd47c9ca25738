"""`specgen render`: write a package directory from a definition."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import replace

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


@click.command()
@click.argument("package", default=".", shell_complete=complete_package)
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Default: ./rendered/PACKAGE.")
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
    from generator.package.supply import supplied
    from generator.package.upstream import read_upstream, unrendered, with_patches

    found = app.package(package, settings)
    if not isinstance(found, Defined):
        raise InputError(f"{package} has no definition to render", hint="specgen check works without one")
    trees = read_upstream(found.sources(), upstream, sources)
    supply = supplied(found.sources(), sources) if sources else None
    made = with_patches(supply.sources if supply else found.sources(), found.definition, trees)
    templates = {patch.file for tree in made.upstream for patch in tree.patches if patch.template}
    rendered = replace(
        found.sources(),
        files={**found.sources().files, **{name: made.files[name] for name in sorted(templates & {*made.files})}},
        externals=tuple(
            one for one in found.sources().externals if one.name not in made.files or one.name not in templates
        ),
    )
    target = output or Path("rendered") / found.name
    for tree, patch in unrendered(rendered):
        if not (target / patch.file).exists():
            hint = f"give it with --upstream {tree.name}=PATH, or put {tree.archive} into --sources"
            raise InputError(
                f"{patch.file} is made for the upstream tree {tree.name}, which is not here", patch.origin, hint
            )
    report = write(rendered, target, supply.paths if supply else {})
    if format_ == "json":
        print_json({"directory": str(target), **report.as_dict()})
        return
    for name in report.written:
        click.echo(f"wrote  {shown(target / name)}")
    for name in report.others:
        click.echo(f"stays  {shown(target / name)} (not of this definition)")
    missing = [external.name for external in rendered.externals if not (target / external.name).exists()]
    count = f"{len(report.written)} written, {len(report.unchanged)} unchanged"
    click.echo(f"{shown(target)}: {count}" + (f", {len(missing)} external files not here" if missing else ""))
