"""One submission to one place, up to the point where something would be sent: look, merge, compare, plan."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from generator.errors import InputError, RefusalError
from generator.obs.answers import AnswerError
from generator.obs.records import Listing, Place, Request, md5
from generator.obs.server import OPEN_STATES, Server
from generator.sources import Sources
from generator.submit.drift import Drift, drifted, explain
from generator.submit.fetch import fetch
from generator.submit.journal import Journal, Sent
from generator.submit.merge import Merged, merge
from generator.submit.message import message as message_for
from generator.submit.plan import Plan, plan, wanted_files
from generator.upstream.tree import Tree

BASE = re.compile(r"([^=\s]+=)?([0-9]+|[0-9a-f]{32})\Z")


@dataclass(frozen=True)
class Local:
    """What is here: the package, where its external files are that are here too, and upstream trees by their names."""

    sources: Sources
    supply: Mapping[str, Path] = field(default_factory=dict)
    trees: Mapping[str, Tree] = field(default_factory=dict)

    def payload(self, merged: Merged, name: str) -> bytes | None:
        """The bytes of a file that we send; None for one that only the server has."""
        file = merged.sources.files.get(name)
        if file is not None:
            return file.content
        return self.supply[name].read_bytes() if name in merged.supplied else None


@dataclass(frozen=True)
class Wishes:
    """What a person asks for.

    `base` is the target's revision up to which others' changes were taken over; as `PROJECT=REV` for one of several.
    """

    direct: bool = False
    wait: bool = False
    message: str = ""
    base: tuple[str, ...] = ()
    rewrite: bool = False

    def base_for(self, place: Place) -> str:
        """The revision of this place, or an empty string."""
        for one in self.base:
            project, given, revision = one.rpartition("=")
            if not given or project == place.project:
                return revision
        return ""

    def check(self) -> None:
        """Check what a person wrote.

        Raises:
            InputError: a base is no revision.
        """
        for one in self.base:
            if not BASE.match(one):
                raise InputError(f"--base {one!r} is no revision", hint="write [PROJECT=]REV, a number")

    def check_bases(self, projects: Sequence[str]) -> None:
        """Check that every base is for one of the projects that this goes to.

        Raises:
            InputError: one is for another.
        """
        for one in self.base:
            project = one.rpartition("=")[0]
            if project and project not in projects:
                raise InputError(f"--base {one}: this does not go to {project}", hint=f"but to {', '.join(projects)}")


@dataclass(frozen=True)
class Prepared:
    """A submission that is ready to be shown, checked and applied."""

    local: Local
    merged: Merged
    plan: Plan
    server_sources: Sources | None
    drift: tuple[Drift, ...] = ()
    last: Sent | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know before anything is sent."""
        found = []
        if self.plan.steps and not self.merged.new_entries:
            found.append("no entry in .changes is new: reviewers expect one that tells what changes")
        for name, changes in self.merged.changes.items():
            found += [f"{name}: only the server has the entry of {entry.header}; it stays" for entry in changes.kept]
            found += [
                f"{name}: the entry of {ours.header} differs from the server's, which stays (--rewrite-changes)"
                for ours, _ in changes.rewritten
            ]
        found += [f"{name} is not declared by anything and stays on the server" for name in self.merged.strangers]
        return tuple(found)


def prepare(
    server: Server,
    local: Local,
    destination: Place,
    journal: Journal,
    wishes: Wishes,
    branch_place: Place | None = None,
) -> Prepared:
    """Look at the server, merge, compare with what was sent before, and plan. Nothing is sent.

    With `branch_place` the plan ends with the commit there, as the part of a larger submission.

    Raises:
        InputError: the project is not there, a name is refused, or a declared file is nowhere.
        RefusalError: the target is a link that does not expand.
        ServerError: the server is away.
    """
    target = server.listing(destination)
    if target is None:
        server.require_project(destination.project)
    if target is not None and target.broken:
        raise RefusalError(
            f"{destination} is a link that does not expand: {target.broken}", hint="somebody has to repair it there"
        )
    last = journal.last(server.url, destination.project, destination.package)
    held = fetch(server, target, local.sources.files) if target is not None else None
    once = frozenset(
        name
        for one in journal.submissions()
        if (one.server, one.project, one.package) == (server.url, destination.project, destination.package)
        for name in one.bytes
    )
    merged = merge(local.sources, held, sent=once, supply=frozenset(local.supply), rewrite=wishes.rewrite)
    if merged.missing:
        trees = {patch.file: tree.name for tree, patch in local.sources.templated}
        upstream = sorted({trees[name] for name in merged.missing if name in trees})
        ways = ["give the folder that holds them with --sources"] if set(merged.missing) - set(trees) else []
        ways += [f"give the tree that a patch is made for with --upstream {name}=PATH" for name in upstream]
        raise InputError(
            f"{destination}: {', '.join(merged.missing)}: declared, and neither here nor on the server",
            hint="; ".join(ways),
        )
    files = wanted_files(merged, _digests(local, merged), target)
    asks = branch_place is None and not wishes.direct
    branch_place = branch_place or server.branch_name(destination)
    branch = None if wishes.direct else server.listing(branch_place)
    requests = server.requests(source=branch_place, target=destination, states=OPEN_STATES) if asks else []
    made = plan(
        merged=merged,
        files=files,
        destination=destination,
        target=target,
        branch_place=branch_place,
        branch=branch,
        requests=requests,
        covered=_covered(server, branch_place, branch, requests),
        message=wishes.message or message_for(merged.new_entries, destination.package),
        direct=wishes.direct,
        wait=wishes.wait,
        again=bool(wishes.message),
        asks=asks,
    )
    drift = _drift(server, local, journal, last, target, branch, wishes) if made.steps else ()
    return Prepared(local, merged, made, held, drift, last)


def _digests(local: Local, merged: Merged) -> dict[str, str]:
    digests = {name: md5(file.content) for name, file in merged.sources.files.items()}
    for name in merged.supplied:
        digest = hashlib.md5(usedforsecurity=False)
        with local.supply[name].open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
        digests[name] = digest.hexdigest()
    return digests


def _covered(
    server: Server, place: Place, branch: Listing | None, requests: list[Request]
) -> dict[int, Mapping[str, str]]:
    """For each request, the files of the revision that it asks for."""
    found: dict[int, Mapping[str, str]] = {}
    for request in requests:
        revision = request.revisions[0] if request.revisions else ""
        if branch is not None and revision in ("", str(branch.revision), branch.digest):
            found[request.number] = branch.files
        elif branch is not None:
            listing = server.listing(place, revision)
            found[request.number] = listing.files if listing else {}
    return found


def _revision(server: Server, place: Place, revision: str) -> Listing:
    try:
        found = server.listing(place, revision)
    except AnswerError as error:
        if error.status not in (400, 404):
            raise
        found = None
    if found is None:
        raise InputError(f"{place} has no revision {revision}", hint="see --base")
    return found


def _drift(
    server: Server,
    local: Local,
    journal: Journal,
    last: Sent | None,
    target: Listing | None,
    branch: Listing | None,
    wishes: Wishes,
) -> tuple[Drift, ...]:
    if last is None or target is None:
        return ()
    known: list[Mapping[str, str]] = [last.sent, last.seen]
    key = (server.url, target.place.project, target.place.package)
    known += [line["files"] for line in journal.unfinished(*key) if "files" in line]
    base = wishes.base_for(target.place)
    if base:
        known.append(_revision(server, target.place, base).files)
    ours = frozenset(local.sources.files) | frozenset(last.bytes)
    found = []
    for listing in (target, branch):
        if listing is None or listing.broken:
            continue
        also = known if listing is target else [*known, target.files]
        for name, what in drifted(listing.files, also, ours).items():
            before = journal.kept(last.bytes.get(name, ""))
            now = server.read(listing, name) if name in listing.files else None
            told = name if listing is target else f"{listing.place}: {name}"
            found.append(explain(told, what, before, now, local.sources.files.get(name)))
    return tuple(found)
