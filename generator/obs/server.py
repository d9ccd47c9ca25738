"""What specgen asks of an Open Build Service, in terms of packages, revisions and requests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from generator.errors import RefusalError
from generator.obs.answers import AnswerError, UnreachableError
from generator.obs.client import Connection

OPEN_STATES = ("new", "review", "declined")


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
class Result:
    """How one package's build stands in one repository for one architecture."""

    repository: str
    architecture: str
    code: str
    details: str = ""
    settled: bool = True


class Server:
    """One Open Build Service, as one user."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def url(self) -> str:
        """The server's address."""
        return self.connection.url

    @property
    def user(self) -> str:
        """Whom the server takes us for."""
        return self.connection.user

    def exists(self, project: str, package: str = "") -> bool:
        """Whether a project or package exists. An absence is believed only when it is seen twice."""
        parts = ("source", project, package, "_meta") if package else ("source", project, "_meta")
        for _ in range(2):
            try:
                self.connection.get(*parts)
            except AnswerError as error:
                if error.status != 404:
                    raise
            else:
                return True
        return False

    def listing(self, place: Place, revision: str = "") -> Listing | None:
        """The files of a package, a link expanded; None where there is no such package.

        Raises:
            ServerError: the server is away, or refuses.
        """
        query = {"rev": revision} if revision else {"rev": "latest"}
        try:
            plain = self.connection.get_xml("source", place.project, place.package, query=query)
        except AnswerError as error:
            if error.status != 404 or revision or self.exists(place.project, place.package):
                raise
            return None
        found = plain.find("linkinfo")
        if found is None:
            return _listing(place, plain, plain)
        link = Place(found.get("project", place.project), found.get("package", place.package))
        if found.get("error"):
            return _listing(place, plain, plain, link, str(found.get("error")))
        if not found.get("xsrcmd5"):  # the answer is an expanded one already
            return _listing(place, plain, plain, link)
        expanded = self.connection.get_xml(
            "source", place.project, place.package, query={"rev": str(found.get("xsrcmd5"))}
        )
        return _listing(place, plain, expanded, link)

    def read(self, listing: Listing, name: str) -> bytes:
        """The bytes of a file of a listing, proven by its digest.

        Raises:
            ServerError: the server is away, or what it sends is not what it listed.
        """

        def fetch() -> bytes:
            content = self.connection.send(
                "GET",
                ("source", listing.place.project, listing.place.package, name),
                {"rev": listing.digest} if listing.digest else None,
            )
            if md5(content) != listing.files[name]:
                raise UnreachableError(f"{self.connection.host} sent {name} of {listing.place} damaged")
            return content

        return self.connection.patiently(fetch)

    def history(self, place: Place, limit: int = 0) -> tuple[Commit, ...]:
        """The commits of a package, oldest first; the newest `limit` where given."""
        query = {"limit": str(limit)} if limit else None
        root = self.connection.get_xml("source", place.project, place.package, "_history", query=query)
        return tuple(
            Commit(
                revision=int(one.get("rev", "0")),
                digest=str(one.findtext("srcmd5")),
                user=str(one.findtext("user") or ""),
                comment=str(one.findtext("comment") or ""),
                request=str(one.findtext("requestid") or ""),
            )
            for one in root.findall("revision")
        )

    def upload(self, place: Place, name: str, content: bytes) -> None:
        """Bring a file's bytes to the server without committing them; twice does no harm."""
        self.connection.put("source", place.project, place.package, name, body=content, query={"rev": "repository"})

    def commit(self, place: Place, files: Mapping[str, str], message: str, *, repair: bool = False) -> None:
        """Commit a whole file list, once; a link stays a link. `repair` is for a link that does not expand.

        Raises:
            RefusalError: bytes are missing that were to be uploaded before.
            ServerError: the server refuses, or it is not known what it did.
        """
        root = etree.Element("directory")
        for name, digest in sorted(files.items()):
            etree.SubElement(root, "entry", name=name, md5=digest)
        query = {"cmd": "commitfilelist", "user": self.user, "comment": message, "keeplink": "1"}
        if repair:
            query["repairlink"] = "1"
        answer = self.connection.document(
            self.connection.send("POST", ("source", place.project, place.package), query, etree.tostring(root))
        )
        if answer.get("error"):
            names = ", ".join(str(entry.get("name")) for entry in answer.findall("entry"))
            raise RefusalError(f"{self.connection.host} lacks the bytes of {names}; nothing was committed")

    def branch(self, place: Place, *, missing: bool = False) -> tuple[Place, bool]:
        """Branch a package to the user's home, or find that branch; and whether it was there before."""
        query = {"cmd": "branch", "ignoredevel": "1", **({"missingok": "1"} if missing else {})}
        try:
            answer = self.connection.document(
                self.connection.send("POST", ("source", place.project, place.package), query)
            )
        except AnswerError as error:
            found = error.summary.partition("branch target package already exists: ")[2]
            if not found:
                raise
            project, _, package = found.rpartition("/")
            return Place(project, package), True
        data = {str(one.get("name")): str(one.text) for one in answer.findall("data")}
        return Place(data["targetproject"], data["targetpackage"]), False

    def branch_name(self, place: Place) -> Place:
        """Where `branch` puts a branch of this package."""
        return Place(f"home:{self.user}:branches:{place.project}", place.package)

    def maintained(self, package: str) -> tuple[Place, ...]:
        """The maintained instances of a package, one for each codestream that is still in OBS."""
        query = {"cmd": "branch", "attribute": "OBS:Maintained", "package": package, "dryrun": "1"}
        try:
            root = self.connection.patiently(
                lambda: self.connection.document(self.connection.send("POST", ("source",), query))
            )
        except AnswerError as error:
            if error.status == 404:
                return ()
            raise
        return tuple(Place(str(one.get("project")), str(one.get("package"))) for one in root.findall("package"))

    def branch_maintained(self, package: str) -> str:
        """Branch every maintained instance of a package into one project, and give its name."""
        query = {"cmd": "branch", "attribute": "OBS:Maintained", "package": package}
        try:
            answer = self.connection.document(self.connection.send("POST", ("source",), query))
        except AnswerError as error:
            found = error.summary.partition("branch target package already exists: ")[2]
            if not found:
                raise
            return found.rpartition("/")[0]
        return str({one.get("name"): one.text for one in answer.findall("data")}["targetproject"])

    def maintenance_project(self) -> str:
        """The project that takes maintenance requests, or an empty string where none says so."""
        query = {"match": "attribute/@name='OBS:MaintenanceProject'"}
        found = self.connection.get_xml("search", "project", "id", query=query).findall("project")
        return str(found[0].get("name")) if found else ""

    def packages(self, project: str) -> tuple[str, ...]:
        """The names of a project's packages."""
        root = self.connection.get_xml("source", project)
        return tuple(str(one.get("name")) for one in root.findall("entry"))

    def make_package(self, place: Place, title: str) -> None:
        """Make an empty package."""
        root = etree.Element("package", name=place.package, project=place.project)
        etree.SubElement(root, "title").text = title
        etree.SubElement(root, "description")
        self.connection.put("source", place.project, place.package, "_meta", body=etree.tostring(root))

    def requests(self, *, source: Place, target: Place | None = None, states: Iterable[str] = ()) -> list[Request]:
        """The requests from a source, optionally only to one target and only in these states; oldest first."""
        match = (
            f"action/source/@project={_literal(source.project)} and action/source/@package={_literal(source.package)}"
        )
        if target is not None:
            match += f" and action/target/@project={_literal(target.project)}"
        wanted = tuple(states)
        if wanted:
            match += " and (" + " or ".join(f"state/@name={_literal(name)}" for name in wanted) + ")"
        root = self.connection.get_xml("search", "request", query={"match": match})
        found = sorted((_request(one) for one in root.findall("request")), key=lambda request: request.number)
        return [one for one in found if target is None or any(_same(target, other) for other in one.targets)]

    def request(self, number: int) -> Request:
        """One request."""
        return _request(self.connection.get_xml("request", str(number)))

    def create_request(
        self, kind: str, actions: Iterable[tuple[Place, str, Place]], description: str, *, release: str = ""
    ) -> int:
        """Create a request, once, and give its number. An action is source, its revision, and target.

        `release` is the project that a maintenance incident is for.

        Raises:
            ServerError: the server refuses, or it is not known what it did.
        """
        root = etree.Element("request")
        for source, revision, target in actions:
            action = etree.SubElement(root, "action", type=kind)
            etree.SubElement(action, "source", project=source.project, package=source.package, rev=revision)
            ends = {"project": target.project, **({"package": target.package} if target.package else {})}
            if release or kind == "maintenance_incident":
                ends = {"project": target.project, "releaseproject": release or target.package}
            etree.SubElement(action, "target", ends)
        etree.SubElement(root, "description").text = description
        answer = self.connection.send("POST", ("request",), {"cmd": "create"}, etree.tostring(root, encoding="utf-8"))
        return int(self.connection.document(answer).get("id", "0"))

    def supersede(self, number: int, by: int, message: str) -> None:
        """Mark a request as superseded by another."""
        query = {"cmd": "changestate", "newstate": "superseded", "superseded_by": str(by)}
        self.connection.send("POST", ("request", str(number)), query, message.encode())

    def request_diff(self, number: int) -> str:
        """What a request changes, as a text for people."""
        body = self.connection.patiently(
            lambda: self.connection.send("POST", ("request", str(number)), {"cmd": "diff"})
        )
        return body.decode("utf-8", "replace")

    def results(self, place: Place) -> tuple[Result, ...]:
        """How the package's builds stand."""
        root = self.connection.get_xml("build", place.project, "_result", query={"package": place.package})
        return tuple(
            Result(
                repository=str(one.get("repository")),
                architecture=str(one.get("arch")),
                code=str(status.get("code")),
                details=str(status.findtext("details") or ""),
                settled=one.get("dirty") != "true",
            )
            for one in root.findall("result")
            for status in one.findall("status")
            if status.get("package") == place.package
        )


def _listing(
    place: Place, plain: etree._Element, expanded: etree._Element, link: Place | None = None, broken: str = ""
) -> Listing:
    entries = [one for one in expanded.findall("entry") if one.get("name") != "_link" or broken]
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


def _request(root: etree._Element) -> Request:
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


def _same(wanted: Place, found: Place) -> bool:
    return wanted.project == found.project and wanted.package in ("", found.package)


def _literal(text: str) -> str:
    """A string in XPath, which knows no escapes."""
    return f"'{text}'" if "'" not in text else f'"{text}"'
