"""`specgen submit --rehearse`: everything that a submission does, on a private server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from generator.cli.options import print_json
from generator.cli.submission import cut, tell

if TYPE_CHECKING:
    from generator.cli.submission import How
    from generator.obs.client import Configuration
    from generator.obs.records import Place
    from generator.submit.rehearsal import Rehearsed
    from generator.submit.session import Local, Prepared, Wishes

LINES = (12, 15)  # the SLE versions whose codestreams are maintained in OBS


def rehearse(locals_: Mapping[str, Local], to: Sequence[str], wishes: Wishes, how: How) -> int:
    """Rehearse submissions; gives the exit code.

    Raises:
        SpecgenError: as the steps do.
    """
    from generator.submit.destination import projects
    from generator.submit.rehearsal import stage

    configuration = _configuration()
    found: dict[tuple[str, Place], Any] = {}
    for one in projects(to, configuration.servers if configuration else {}):
        for name, local in locals_.items():
            found[name, one.place(name)] = _as_on_the_server(configuration, one.alias, one.place(name), local)
    told = []
    with stage() as private:
        _begin(how, private.private.url)
        for (name, place), held in found.items():
            private.furnish(place, held)
            prepared = private.prepare(locals_[name], place, wishes)
            if not _passes([prepared], how):
                return 1
            done = private.play(prepared, tell if how.people else lambda _words: None)
            if how.people:
                what = f"request {done.request}, accepted" if done.request else "committed"
                _end(f"{place}: {what}; it holds exactly the planned files", done)
            told.append({"project": place.project, "package": name, "request": done.request})
    _told(told, how)
    return 0


def rehearse_maintenance(local: Local, to: str, wishes: Wishes, how: How) -> int:
    """Rehearse a maintenance request for one package; gives the exit code.

    Raises:
        SpecgenError: as the steps do.
    """
    from generator.submit.destination import projects
    from generator.submit.rehearsal import stage

    configuration = _configuration()
    (where,) = projects([to], configuration.servers if configuration else {})
    origins = _maintained(configuration, where.alias, local)
    held = {one: _as_on_the_server(configuration, where.alias, one, local) for one in origins}
    with stage() as private:
        _begin(how, private.private.url)
        private.furnish(where.place(local.sources.name), None)
        for origin, sources in held.items():
            private.furnish(origin, sources, maintained=True)
        incident = private.look(local, where.project, wishes)
        if not _passes([one.prepared for one in incident.codestreams], how):
            return 1
        done = private.play_incident(local, incident, wishes, tell if how.people else lambda _words: None)
        if how.people:
            names = ", ".join(str(one.origin) for one in incident.codestreams)
            _end(f"{names}: request {done.request}, accepted; the incident holds exactly the planned files", done)
    _told([{"project": where.project, "package": local.sources.name, "request": done.request}], how)
    return 0


def _begin(how: How, url: str) -> None:
    if how.people:
        click.echo(f"rehearsing on a private Open Build Service at {url}")


def _passes(submissions: Sequence[Prepared], how: How) -> bool:
    """Whether the check found no errors; shows what it found."""
    from generator.cli import proof

    reports = proof.reports(submissions, trust=how.trust)
    if how.people:
        proof.show(reports)
    if any(report.count("error") for report in reports):
        click.echo("the real run would stop here: the check found errors", err=True)
        return False
    return True


def _end(words: str, done: Rehearsed) -> None:
    cut(done.diff.splitlines())
    click.secho(words, bold=True)


def _told(told: list[dict[str, Any]], how: How) -> None:
    if how.people:
        click.echo("The backend was a real one, the front end specgen's stand-in; all of it is gone.")
    else:
        print_json({"rehearsed": told})


def _configuration() -> Configuration | None:
    """osc's configuration, or None where osc is not configured."""
    from generator.errors import RefusalError
    from generator.obs.client import Configuration

    try:
        return Configuration()
    except RefusalError:
        return None


def _maintained(configuration: Configuration | None, alias: str, local: Local) -> Sequence[Place]:
    """The codestreams that the real server maintains; without an account, those of the package's own targets."""
    from generator.errors import RefusalError, ServerError
    from generator.obs.records import Place
    from generator.obs.server import Server
    from generator.targets import load

    name = local.sources.name
    try:
        if configuration is not None:
            found = Server(configuration.connect(alias)).maintained(name)
            if found:
                return found
    except (RefusalError, ServerError) as error:
        click.echo(f"the codestreams of {name} cannot be asked for: {error}", err=True)
    built = {int(load(one).macros.get("sle_version", "0")) // 10000 for one in local.sources.targets}
    lines = [line for line in LINES if line in built] or LINES
    return [Place(f"SUSE:SLE-{line}:Update", name) for line in lines]


def _as_on_the_server(configuration: Configuration | None, alias: str, place: Place, local: Local) -> Any:
    """What the real server holds of a target, or a stand-in where it has none or there is no account to ask with."""
    from generator.errors import RefusalError, ServerError
    from generator.obs.server import Server
    from generator.submit.fetch import fetch

    try:
        if configuration is not None:
            server = Server(configuration.connect(alias))
            listing = server.listing(place)
            if listing:
                return fetch(server, listing, local.sources.files)
    except (RefusalError, ServerError) as error:
        click.echo(f"{place} cannot be asked for: {error}", err=True)
    click.echo(f"{place} is rehearsed from nothing: archives are stand-ins", err=True)
    return _stand_in(local)


def _stand_in(local: Local) -> Any:
    """A target that holds nothing but the files that are not ours, so that what is ours is new."""
    from generator.sources import Sources

    made = {patch.file for _, patch in local.sources.templated}
    others = tuple(one for one in local.sources.externals if one.name not in made)
    return Sources(local.sources.name, {}, externals=others)
