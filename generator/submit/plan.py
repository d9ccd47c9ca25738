"""The plan: which steps bring a server from what it holds to what it is to hold. Pure; nothing is asked or sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from generator.obs.records import Listing, Place, Request
from generator.submit.merge import Merged

Kind = Literal["make", "branch", "upload", "commit", "wait", "request", "supersede"]


@dataclass(frozen=True)
class Step:
    """One step, in words, and what it works on: a file's name, or a request's number."""

    kind: Kind
    words: str
    subject: str = ""


@dataclass(frozen=True)
class Plan:
    """How one package gets to one place.

    `work` is where files are committed: the branch, or for a direct commit the target itself. `files` is the whole
    file list of the commit, by digest. `target` and `branch` are what was found there; apply stops where that has
    changed. `open` is an open request for exactly these files, 0 where there is none.
    """

    destination: Place
    work: Place
    files: Mapping[str, str]
    steps: tuple[Step, ...]
    target: Listing | None
    branch: Listing | None
    message: str
    direct: bool = False
    open: int = 0
    superseded: tuple[int, ...] = ()
    reason: str = ""
    removed: Mapping[str, str] = field(default_factory=dict)

    @property
    def commits(self) -> bool:
        """Whether anything is committed."""
        return any(step.kind == "commit" for step in self.steps)

    @property
    def requests(self) -> bool:
        """Whether a request is created."""
        return any(step.kind == "request" for step in self.steps)


def wanted_files(merged: Merged, digests: Mapping[str, str], server: Listing | None) -> dict[str, str]:
    """The whole file list: ours by `digests`, the server's own bytes for what is external."""
    held = dict(server.files) if server else {}
    files = {name: held[name] for name in (one.name for one in merged.sources.externals) if name in held}
    files.update({name: digests[name] for name in merged.sources.files})
    files.update({name: digests[name] for name in merged.supplied})
    return dict(sorted(files.items()))


def plan(
    *,
    merged: Merged,
    files: Mapping[str, str],
    destination: Place,
    target: Listing | None,
    branch_place: Place,
    branch: Listing | None,
    requests: Sequence[Request],
    covered: Mapping[int, Mapping[str, str]],
    message: str,
    direct: bool = False,
    wait: bool = False,
    again: bool = False,
    asks: bool = True,
) -> Plan:
    """Plan one submission.

    `requests` are the open ones (declined ones too) from the branch to the target, oldest first; `covered` gives for
    each the files of the revision that it asks for. `again` asks anew although the same files were declined. Without
    `asks` the plan ends with the commit to the branch: it is the part of something larger that asks for it.
    """
    work = destination if direct else branch_place
    at_work = target if direct else branch

    def made(steps: Sequence[Step], **more: object) -> Plan:
        given = {"removed": merged.removed, **more}
        return Plan(destination, work, files, tuple(steps), target, branch, message, direct, **given)  # type: ignore[arg-type]  # the names are checked by Plan

    if target is not None and not target.broken and dict(target.files) == dict(files):
        return made((), reason=f"{destination} holds exactly these files already")
    same = [one for one in requests if covered.get(one.number) == files]
    waiting = [one for one in same if one.state in ("new", "review")]
    declined = [one for one in same if one.state == "declined"]
    steps: list[Step] = []
    if direct:
        if target is None:
            steps.append(Step("make", f"make the package {destination}"))
    elif branch is None:
        words = f"branch {destination} to {branch_place}" if target else f"make {branch_place}: {destination} is new"
        steps.append(Step("branch", words))
    if at_work is None or at_work.broken or dict(at_work.files) != dict(files):
        steps += _uploads(files, at_work, target)
        steps.append(Step("commit", _commit_words(files, at_work or target, work)))
    elif not direct and waiting:
        others = tuple(one.number for one in requests if one.number < waiting[-1].number)
        rest = [_supersede(number, waiting[-1].number) for number in others]
        reason = f"request {waiting[-1].number} for exactly these files is {waiting[-1].state}"
        return made(rest, open=waiting[-1].number, superseded=others, reason="" if rest else reason)
    elif not direct and declined and not again:
        return made(
            (), reason=f"request {declined[-1].number} for exactly these files was declined", open=declined[-1].number
        )
    if direct or not asks:
        return made(steps)
    if wait:
        steps.append(Step("wait", f"wait for the builds of {work}"))
    steps.append(Step("request", f"request that {destination} takes what {work} holds"))
    replaced = tuple(one.number for one in requests)
    steps += [_supersede(number, 0) for number in replaced]
    return made(steps, superseded=replaced)


def _uploads(files: Mapping[str, str], at_work: Listing | None, target: Listing | None) -> list[Step]:
    there = dict(target.files) if target and not target.broken else {}
    there.update(at_work.files if at_work and not at_work.broken else {})
    known = set(there.items())
    return [Step("upload", f"upload {name}", name) for name, digest in files.items() if (name, digest) not in known]


def _commit_words(files: Mapping[str, str], before: Listing | None, work: Place) -> str:
    held = before.files if before and not before.broken else {}
    parts = {
        "new": sum(name not in held for name in files),
        "changed": sum(name in held and held[name] != digest for name, digest in files.items()),
        "removed": sum(name not in files for name in held),
    }
    told = ", ".join(f"{count} {word}" for word, count in parts.items() if count)
    return f"commit to {work}: {told or 'no file differs'}"


def _supersede(number: int, by: int) -> Step:
    words = f"supersede request {number}" + (f" by {by}" if by else " by the new one")
    return Step("supersede", words, str(number))
