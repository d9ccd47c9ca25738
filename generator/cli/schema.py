"""`specgen schema`: what a package.yaml can hold, for editors."""

from __future__ import annotations

import click

from generator.cli.options import print_json


@click.command()
def schema() -> None:
    """Print the JSON Schema (draft 2020-12) of package.yaml.

    Editors with a YAML language server take it after the line
    `# yaml-language-server: $schema=FILE`.
    """
    from generator.definition.schema import schema as made

    print_json(made())
