"""Options that several commands share, and how results are printed for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.errors import InputError, Problem
from generator.origin import origin_of

if TYPE_CHECKING:
    from generator.package.defined import Defined
    from generator.package.foreign import Foreign
    from generator.sources import Sources
    from generator.targets import Target
    from generator.upstream.tree import Tree


def _settings(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    chosen = {}
    for value in values:
        name, equals, choice = value.partition("=")
        if not (name and equals and choice):
            raise click.BadParameter(f"'{value}' is not OPTION=CHOICE")
        chosen[name] = choice
    return chosen


def complete_package(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names of definitions that begin so, for the shell; paths are completed when none does."""
    from generator.cli.application import default_specs

    given = context.find_root().params.get("specs")
    folder = Path(given) if given else default_specs()
    names = sorted(
        path.parent.name for path in folder.glob("*/package.yaml") if path.parent.name.startswith(incomplete)
    )
    return names or [str(path) for path in sorted(Path().glob(f"{incomplete}*")) if path.is_dir()]


def complete_target(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names of targets that begin so, for the shell."""
    from generator.targets import names

    return [name for name in names() if name.startswith(incomplete)]


set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="OPTION=CHOICE",
    callback=_settings,
    help="Choose for an option of the definition; can be given several times.",
)


def _upstream(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    if not values:
        return {}
    from generator.upstream.archive import holder

    given: dict[str, Path] = {}
    for value in values:
        name, equals, path = value.partition("=")
        if not (name and equals and path):
            raise click.BadParameter(f"'{value}' is not TREE=PATH")
        if name in given:
            raise click.BadParameter(f"{name} is given twice: {given[name]} and {path}")
        if holder(Path(path)) is None:
            raise click.BadParameter(f"{name}: there is no {path}")
        given[name] = Path(path)
    return given


upstream_option = click.option(
    "--upstream",
    "upstream",
    multiple=True,
    metavar="TREE=PATH",
    callback=_upstream,
    help="An upstream tree: a folder, an archive, or a folder in one; else its archive is looked for in --sources.",
)

sources_option = click.option(
    "--sources",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with the files that the definition calls external: archives, patches of the distribution.",
)

format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)


target_option = click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="TARGET",
    shell_complete=complete_target,
    help="A target by name or as a profile of your own (./mine.toml); without it those of the package, or all.",
)

macros_option = click.option(
    "--macros",
    type=click.Path(exists=True, dir_okay=False),
    help="Macros for every target: a macro file, or a project configuration of OBS.",
)

trust_option = click.option("--trust", is_flag=True, help="Read specs that are not yours even without a sandbox.")


def completed(
    package: Defined | Foreign, supplies: Path | None, upstream: Mapping[str, Path]
) -> tuple[Sources, Mapping[str, Tree]]:
    """The files of a package with what is at hand for it: external files, patches rendered for the upstream trees.

    Raises:
        InputError: an upstream tree cannot be read, a patch template does not fit it, or a tree for one is missing.
    """
    sources = package.sources()
    if not upstream and not supplies and not sources.templated:
        return sources, {}  # nothing more has to be loaded
    from generator.package.upstream import at_hand, require_patches

    here = at_hand(package, upstream, supplies)
    require_patches(here.completed)
    return here.completed, here.trees


def targets_of(names: Sequence[str], macros: str | None, *packages: Sources) -> list[Target]:
    """The targets that a command works on: those named, else those of the packages, else all.

    Raises:
        InputError: a target is unknown (with its line where a package names it), or a profile or the macro file is
            wrong.
    """
    from generator.targets import all_targets, with_macros

    wanted = list(names) or list(dict.fromkeys(name for package in packages for name in package.targets))
    found = [_target(name) for name in wanted] if wanted else list(all_targets())
    if macros:
        text = Path(macros).read_text(encoding="utf-8", errors="replace")
        found = [with_macros(target, text) for target in found]
    return found


def _target(name: str) -> Target:
    from generator.targets import load

    try:
        return load(name)
    except InputError as error:
        origin = origin_of(name)
        raise InputError([Problem(one.message, one.origin or origin, one.hint) for one in error.problems]) from None


def print_json(value: Any) -> None:
    """Print a value as JSON, indented, keys in the given order."""
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
