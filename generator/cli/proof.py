"""What is about to be sent is checked as it will stand on the server, against what stands there now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from generator.cli.options import targets_of

if TYPE_CHECKING:
    from generator.check.report import Report
    from generator.sources import Sources
    from generator.submit.session import Prepared


def merged_sources(prepared: Prepared) -> Sources:
    """The merged package, with the patches that are supplied for it."""
    from msgspec.structs import replace

    from generator.package.supply import PATCHES
    from generator.sources import SourceFile

    merged = prepared.merged
    files = dict(merged.sources.files)
    for name in merged.supplied:
        text = name.endswith(PATCHES)
        files[name] = SourceFile(name, prepared.local.supply[name].read_bytes() if text else b"")
    return replace(merged.sources, files=dict(sorted(files.items())))


def reports(submissions: Sequence[Prepared], *, trust: bool) -> list[Report]:
    """Check what each submission would leave on the server.

    Raises:
        RefusalError: the spec is not ours and no sandbox works here.
    """
    if not submissions:
        return []
    import msgspec

    from generator.check.report import Report
    from generator.check.run import check
    from generator.check.scriptlets import lint
    from generator.librpm import Librpm
    from generator.reading import View

    found = []
    today = datetime.now(UTC).date()
    with Librpm.start(trust=trust, workers=1) as librpm:
        for one in submissions:
            sources = merged_sources(one)
            targets = targets_of((), None, sources)
            base = View(one.server_sources, (), {}) if one.server_sources else None
            view = librpm.read(sources, targets, against=base)
            view = msgspec.structs.replace(view, upstream=one.local.trees)
            found.append(Report(str(one.plan.destination), view, check(view, lint=lint, today=today)))
    return found


def show(found: Sequence[Report]) -> None:
    """Print errors and warnings."""
    from generator.check.report import Writer
    from generator.cli.terminal import coloured, width

    writer = Writer("text", colour=coloured(), width=width(), table=False)
    for report in found:
        click.echo(writer.add(report), nl=False)
    click.echo(writer.end(), nl=False)
