"""Packages, revisions, requests and results as a server describes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree


def md5(content: bytes) -> str:
    """The digest by which OBS names a file's content."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Place:
    """A package on a server."""

    project: str
    package: str

    def __str__(self) -> str:
        return f"{self.project}/{self.package}"


@dataclass(frozen=True)
class Listing:
    """The files of one revision, a link expanded.

    `revision` counts the commits of the package, 0 where there is none. `digest` names the expanded state, for good.
    `link` is where a link leads; `broken` says why it does not expand (then `files` are those of the link itself).
    """

    place: Place
    revision: int
    digest: str
    files: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    link: Place | None = None
    broken: str = ""


@dataclass(frozen=True)
class Commit:
    """One revision in a package's history."""

    revision: int
    digest: str
    user: str
    comment: str
    request: str = ""


@dataclass(frozen=True)
class Request:
    """A request: who asks for what, and how it stands."""

    number: int
    creator: str
    state: str
    kind: str
    sources: tuple[Place, ...]
    targets: tuple[Place, ...]
    revisions: tuple[str, ...]
    description: str = ""
    superseded_by: str = ""


@dataclass(frozen=True)
class BuildResult:
    """How one package's build stands in one repository for one architecture.

    `package` has its flavour with it where it has several (`docker:test`). `code` is OBS's word. `settled` says that
    the server has looked at everything that changed before it said so.
    """

    package: str
    repository: str
    architecture: str
    code: str
    details: str = ""
    settled: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """What is built, and where."""
        return self.package, self.repository, self.architecture


def as_build_results(package: str, root: etree._Element) -> tuple[BuildResult, ...]:
    """The results of one package and all its flavours from a project's `<resultlist>`.

    A repository that cannot be looked at is broken for the package too: what it says of packages is from before. Where
    it says nothing of the package yet, the code is `unknown`.
    """
    found = []
    for one in root.findall("result"):
        settled = one.get("dirty") != "true"
        where = (str(one.get("repository")), str(one.get("arch")))
        said = [
            status
            for status in one.findall("status")
            if str(status.get("package")).partition(":")[0] == package.partition(":")[0]
        ]
        if one.get("state") == "broken":
            found.append(BuildResult(package, *where, "broken", one.get("details", ""), settled))
        elif not said:
            found.append(BuildResult(package, *where, "unknown", settled=False))
        else:
            found += [
                BuildResult(
                    str(status.get("package")),
                    *where,
                    str(status.get("code")),
                    str(status.findtext("details") or ""),
                    settled,
                )
                for status in said
            ]
    return tuple(found)


def as_listing(
    place: Place, plain: etree._Element, expanded: etree._Element, link: Place | None = None, broken: str = ""
) -> Listing:
    """A listing from the server's file lists: the plain one, and the one with a link expanded."""
    entries = [one for one in expanded.findall("entry") if not _generated(str(one.get("name")), broken)]
    revision = str(plain.get("rev") or "0")
    return Listing(
        place=place,
        revision=int(revision) if revision.isdigit() else 0,
        digest=str(expanded.get("srcmd5") or ""),
        files={str(one.get("name")): str(one.get("md5")) for one in entries},
        sizes={str(one.get("name")): int(one.get("size") or 0) for one in entries},
        link=link,
        broken=broken,
    )


def _generated(name: str, broken: str) -> bool:
    """Whether a file is the link itself, or comes from a source service: the server makes those."""
    return (name == "_link" and not broken) or name.startswith(("_service:", "_service_"))


def as_request(root: etree._Element) -> Request:
    """A request from the server's document."""

    def places(end: str) -> tuple[Place, ...]:
        return tuple(
            Place(str(one.get("project")), str(one.get("package") or "")) for one in root.findall(f"action/{end}")
        )

    state = root.find("state")
    action = root.find("action")
    return Request(
        number=int(str(root.get("id"))),
        creator=str(root.get("creator") or ""),
        state=str(state.get("name")) if state is not None else "",
        kind=str(action.get("type")) if action is not None else "",
        sources=places("source"),
        targets=places("target"),
        revisions=tuple(str(one.get("rev") or "") for one in root.findall("action/source")),
        description=str(root.findtext("description") or ""),
        superseded_by=str(state.get("superseded_by") or "") if state is not None else "",
    )
