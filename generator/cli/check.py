"""`specgen check`: what librpm and the rules have to say of packages."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.application import Application
from generator.cli.options import (
    complete_package,
    completed,
    macros_option,
    set_option,
    sources_option,
    target_option,
    targets_of,
    trust_option,
    upstream_option,
)
from generator.cli.terminal import coloured, width
from generator.errors import InputError

if TYPE_CHECKING:
    from generator.check.report import Format, Report
    from generator.check.run import Run
    from generator.check.scriptlets import Linters
    from generator.librpm import Librpm, Request
    from generator.package.defined import Defined
    from generator.package.foreign import Foreign
    from generator.reading import Reading, View
    from generator.sources import Sources
    from generator.targets import Target
    from generator.upstream.tree import Tree

_AHEAD = 4  # packages that are read while the linters work on earlier ones


@click.command()
@click.argument("packages", nargs=-1, shell_complete=complete_package)
@target_option
@macros_option
@set_option
@sources_option
@upstream_option
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="For people, for programs, for those that show findings beside the code.",
)
@click.option("--table/--no-table", default=None, help="What holds where; by default for one package.")
@click.option("--no-cache", is_flag=True, help="Check again what has not changed since the last time.")
@trust_option
@click.pass_obj
def check(
    app: Application,
    packages: tuple[str, ...],
    targets: tuple[str, ...],
    macros: str | None,
    settings: dict[str, str],
    sources: Path | None,
    upstream: dict[str, Path],
    strict: bool,
    format_: Format,
    table: bool | None,
    no_cache: bool,
    trust: bool,
) -> int:
    """Check packages on all their targets, or on those named.

    Exit code 1 means that at least one error was found; with --strict a warning is enough.
    """
    from generator.librpm import Librpm
    from generator.librpm.sandbox import processors

    begun = time.time_ns()
    names = packages or (".",)
    one = len(names) == 1
    # The reader starts while definitions are loaded.
    with Librpm.start(
        trust=trust, workers=1 if one else processors(), expected=partial(_expected, targets, macros) if one else tuple
    ) as librpm:
        found = [app.package(name, settings) for name in names]
        printed, worst = "", 0
        from generator.check.report import Writer

        writer = Writer(format_, colour=coloured(), width=width(), table=one if table is None else table)
        for report in _reports(librpm, found, targets, macros, sources, upstream):
            worst = max(worst, int(bool(report.count("error") or (strict and report.count("warning")))))
            text = writer.add(report)
            printed += text
            click.echo(text, nl=False)
        text = writer.end()
        click.echo(text, nl=False)
    if not no_cache:
        from generator.cli.remembered import remember

        inputs = [
            app.specs,
            *(place for package in found for place in package.places),
            *filter(None, (macros, sources)),
            *(_archives(upstream.values()) if upstream else ()),
            *(name for name in targets if Path(name).is_file()),
        ]
        remember(sys.argv[1:], map(str, inputs), begun, printed + text, "", worst)
    return worst


def _expected(targets: Sequence[str], macros: str | None) -> Sequence[Target]:
    """The targets of a package that is not loaded yet, as far as they can be known."""
    if macros and not Path(macros).is_file():  # a pipe can be read once
        return ()
    try:
        return targets_of(targets, macros)
    except (InputError, OSError):  # it is reported when the package has been
        return ()


def _archives(paths: Iterable[Path]) -> list[Path]:
    """The files and folders that upstream trees come from: a path may lead into an archive."""
    from generator.upstream.archive import holder

    return [holder(path) or path for path in paths]


def _reports(
    librpm: Librpm,
    packages: Sequence[Defined | Foreign],
    targets: Sequence[str],
    macros: str | None,
    supplies: Path | None,
    upstream: Mapping[str, Path],
) -> Iterator[Report]:
    """The reports of packages in their order; those that come early wait."""
    from generator.librpm import Request

    order: dict[int, int] = {}
    trees: dict[int, Mapping[str, Tree]] = {}
    folders = [getattr(package, "folder", "") for package in packages]

    def requests() -> Iterator[Request]:
        for number, package in enumerate(packages):
            files, trees[number] = completed(package, supplies, upstream)
            order[id(files)] = number
            yield Request(files, targets_of(targets, macros, files))

    waiting: dict[int, Run] = {}
    done: dict[int, Report] = {}
    following = 0

    def finish(number: int) -> None:
        from generator.check.report import Report

        run = waiting.pop(number)
        done[number] = Report(packages[number].name, run.view, run.finish(), folders[number])

    linters: dict[int, Linters] = {}

    def begin(request: Request, reading: Reading) -> None:
        # Of several packages, the linters read one while librpm reads the next.
        linters[id(request.sources)] = _linters(reading, request.sources, ahead=len(packages) == 1)

    # While the reader has the first package, this process loads the rules.
    for view in librpm.read_all(requests(), begin, _prepare):
        from generator.check.run import Run

        if len(packages) == 1:
            librpm.dismiss()
        lint = linters.pop(id(view.sources))
        number = order.pop(id(view.sources))
        waiting[number] = Run(_with_upstream(view, trees[number]), lint=lint, today=datetime.now(UTC).date())
        while len(waiting) > _AHEAD:
            finish(min(waiting))
        while following in done:
            yield done.pop(following)
            following += 1
    for number in sorted(waiting):
        finish(number)
    for number in sorted(done):
        yield done.pop(number)


def _linters(reading: Reading, sources: Sources, *, ahead: bool) -> Linters:
    """Linters of a package of which one reading is there; `ahead`: they begin with its scripts, mostly those of all."""
    from generator.check.scriptlets import Linters
    from generator.check.scripts import shell_scripts

    linters = Linters()
    if ahead:
        linters.begin(script for script, _ in shell_scripts(reading, sources))
    return linters


def _with_upstream(view: View, trees: Mapping[str, Tree]) -> View:
    if not trees:
        return view
    import msgspec

    return msgspec.structs.replace(view, upstream=trees)


def _prepare(request: Request) -> None:
    """Load what comes after the reading, and read the spec as the rules do."""
    from importlib import import_module

    from generator import references
    from generator.check.rule import all_rules
    from generator.check.specindex import prepare

    for name in ("run", "report.text"):
        import_module(f"generator.check.{name}")
    all_rules()
    references.find("")  # its expression is long
    for spec in request.sources.specs:
        prepare(spec)
