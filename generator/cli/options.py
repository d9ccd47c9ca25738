"""Options that several commands share, and how results are printed for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def _settings(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    chosen = {}
    for value in values:
        name, equals, choice = value.partition("=")
        if not (name and equals and choice):
            raise click.BadParameter(f"'{value}' is not OPTION=CHOICE")
        chosen[name] = choice
    return chosen


set_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="OPTION=CHOICE",
    callback=_settings,
    help="Choose for an option of the definition; can be given several times.",
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


def print_json(value: Any) -> None:
    """Print a value as JSON, indented, keys in the given order."""
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
