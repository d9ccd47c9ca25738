"""`specgen targets`: what a spec sees where it is built, and where each value comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli.options import format_option, print_json

if TYPE_CHECKING:
    from generator.targets import Target

_ASKED = ("suse_version", "sle_version", "is_opensuse")


@click.command()
@click.argument("names", metavar="[TARGET]...", nargs=-1)
@click.option("--macros", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Lay a macro file over.")
@format_option
def targets(names: tuple[str, ...], macros: Path | None, format_: str) -> None:
    """List the targets; of those named, every value with its source.

    TARGET is a name or a profile file of your own (./mine.toml). A macro file, or the project configuration that
    `osc meta prjconf PROJECT` prints, can be laid over them with --macros.
    """
    from generator import targets as room

    found = [room.load(name) for name in names or room.names()]
    if macros:
        text = macros.read_text(encoding="utf-8", errors="surrogateescape")
        found = [room.with_macros(target, text, str(macros)) for target in found]
    if format_ == "json":
        print_json([_as_dict(target, values=bool(names)) for target in found])
    elif names:
        for number, target in enumerate(found):
            click.echo(("\n" if number else "") + _values(target))
    else:
        click.echo(_table(found))


def _as_dict(target: Target, *, values: bool) -> dict[str, Any]:
    from generator.targets import explain

    found: dict[str, Any] = {
        "name": target.name,
        "title": target.title,
        "rpm": target.rpm,
        "architecture": target.architecture,
        "git": target.git,
        "disputed": not target.standing,
        **{name: target.macros.get(name) for name in _ASKED},
    }
    if values:
        found["capabilities"] = sorted(target.capabilities)
        found["values"] = [row._asdict() | {"defined": row.macro not in target.undefined} for row in explain(target)]
    return found


def _table(found: Sequence[Target]) -> str:
    rows: list[tuple[str, ...]] = [("target", *_ASKED, "rpm", "title")]
    for target in found:
        title = target.title if target.standing else f"{target.title} (disputed)"
        rows.append((target.name, *(target.macros.get(name, "-") for name in _ASKED), target.rpm, title))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _values(target: Target) -> str:
    return "\n".join(_value_lines(target))


def _value_lines(target: Target) -> Iterator[str]:
    from generator.targets import capabilities, explain

    yield f"{target.name}: {target.title}, rpm {target.rpm}, {target.architecture}"
    for what, holds in (("reads", True), ("does not read", False)):
        titles = [one.title for name, one in capabilities().items() if (name in target.capabilities) is holds]
        if titles:
            yield f"its rpm {what}:"
            yield from (f"  {title}" for title in titles)
    groups: dict[str, list[str]] = {}
    for row in explain(target):
        missing = row.macro in target.undefined
        text = f"  {row.macro} {'is not defined' if missing else row.value}".replace("\n", "\n      ").rstrip()
        groups.setdefault(row.source, []).append(text)
        if row.disputed:
            groups[row.source].append(f"      disputed: {row.disputed}")
    # what the target says itself was added last, and is what one looks for first
    for source in reversed(tuple(target.sources)):
        if source in groups:
            yield f"from {source}:"
            yield from groups[source]
