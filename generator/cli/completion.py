"""`specgen completion`: the script by which a shell completes specgen."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion for a shell.

    bash: specgen completion bash > ~/.local/share/bash-completion/completions/specgen
    """
    from click.shell_completion import get_completion_class

    from generator.cli.application import cli

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  (click has all three)
    click.echo(kind(cli, {}, "specgen", "_SPECGEN_COMPLETE").source())
