"""`specgen rules`: what is checked, why, and who says so."""

from __future__ import annotations

import click

from generator.cli.options import format_option, print_json


@click.command()
@click.argument("names", nargs=-1)
@format_option
def rules(names: tuple[str, ...], format_: str) -> None:
    """List the rules of `specgen check`, or tell all of those that are named."""
    from generator.check.rule import all_rules, rule_named

    chosen = tuple(map(rule_named, names)) or all_rules()
    if format_ == "json":
        keys = ("id", "severity", "reason", "source", "example")
        print_json([{key: getattr(rule, key) for key in keys} for rule in chosen])
        return
    if not names:
        longest = max(len(rule.id) for rule in chosen)
        for rule in chosen:
            click.echo(f"{rule.id:{longest}}  {rule.severity}")
        click.echo(f"\n{len(chosen)} rules; specgen rules NAME tells why, and who made it")
        return
    for number, rule in enumerate(chosen):
        click.echo(("\n" if number else "") + click.style(rule.id, bold=True) + f" ({rule.severity})")
        for title, text in (("why", rule.reason), ("source", rule.source), ("example", rule.example)):
            click.echo(click.wrap_text(text, 80, f"{title}: ".rjust(11), " " * 11))
