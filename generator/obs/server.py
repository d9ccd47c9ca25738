"""What specgen asks of an Open Build Service, in terms of packages, revisions and requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lxml import etree

from generator.errors import InputError, ServerError
from generator.obs.answers import AnswerError, UnreachableError
from generator.obs.client import Connection
from generator.obs.records import (
    BuildResult,
    Commit,
    Listing,
    Place,
    Request,
    as_build_results,
    as_listing,
    as_request,
    md5,
)

OPEN_STATES = ("new", "review", "declined")
LOG_END = 1 << 14  # bytes of a build's log in which its last errors are looked for


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

    def require_project(self, project: str) -> None:
        """Make sure that a project is there.

        Raises:
            InputError: it is not.
        """
        if not self.exists(project):
            raise InputError(
                f"{self.connection.host} has no project {project}",
                hint=f"aliases of other servers that osc knows: {self.connection.aliases}",
            )

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
            return as_listing(place, plain, plain)
        link = Place(found.get("project", place.project), found.get("package", place.package))
        if found.get("error"):
            return as_listing(place, plain, plain, link, str(found.get("error")))
        if not found.get("xsrcmd5"):  # the answer is an expanded one already
            return as_listing(place, plain, plain, link)
        expanded = self.connection.get_xml(
            "source", place.project, place.package, query={"rev": str(found.get("xsrcmd5"))}
        )
        return as_listing(place, plain, expanded, link)

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

    def commit(self, place: Place, files: Mapping[str, str], message: str, *, repair: bool = False) -> tuple[str, ...]:
        """Commit a whole file list, once; a link stays a link. `repair` is for a link that does not expand.

        Gives the names of files whose bytes the server lacks; where there are any, nothing was committed.

        Raises:
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
        if not answer.get("error"):
            return ()
        if answer.get("error") != "missing":
            raise ServerError(f"{self.connection.host} did not commit to {place}: {answer.get('error')}")
        return tuple(str(entry.get("name")) for entry in answer.findall("entry"))

    def branch(self, place: Place, to: Place | None = None, *, missing: bool = False) -> tuple[Place, bool]:
        """Branch a package to the user's home (or to `to`), or find that branch; and whether it was there before."""
        to = to or self.branch_name(place)
        query = {"cmd": "branch", "ignoredevel": "1", "target_project": to.project, "target_package": to.package}
        if missing:
            query["missingok"] = "1"
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

    def branch_maintained(self, package: str) -> None:
        """Branch every maintained instance of a package into the project for that; nothing where one is there."""
        query = {
            "cmd": "branch",
            "attribute": "OBS:Maintained",
            "package": package,
            "target_project": self.maintained_branches(package),
        }
        try:
            self.connection.send("POST", ("source",), query)
        except AnswerError as error:
            if "branch target package already exists: " not in error.summary:
                raise

    def maintained_branches(self, package: str) -> str:
        """The project that the branches of a package's maintained instances are in: the front end's own choice."""
        return f"home:{self.user}:branches:OBS_Maintained:{package}"

    def maintained_branch_name(self, origin: Place) -> Place:
        """Where `branch_maintained` puts the branch of one instance."""
        name = f"{origin.package}.{origin.project.replace(':', '_')}"
        return Place(self.maintained_branches(origin.package), name)

    def mark_maintained(self, project: str) -> None:
        """Say of a project that what is in it is maintained."""
        root = etree.Element("attributes")
        etree.SubElement(root, "attribute", namespace="OBS", name="Maintained")
        self.connection.send("POST", ("source", project, "_attribute"), None, etree.tostring(root))

    def maintenance_project(self) -> str:
        """The project that takes maintenance requests, or an empty string where none says so."""
        query = {"match": "attribute/@name='OBS:MaintenanceProject'"}
        found = self.connection.get_xml("search", "project", "id", query=query).findall("project")
        return str(found[0].get("name")) if found else ""

    def packages(self, project: str) -> tuple[str, ...]:
        """The names of a project's packages."""
        root = self.connection.get_xml("source", project)
        return tuple(str(one.get("name")) for one in root.findall("entry"))

    def make_project(self, project: str, title: str, maintainer: str = "") -> None:
        """Make an empty project, or give it this title and maintainer."""
        root = etree.Element("project", name=project)
        etree.SubElement(root, "title").text = title
        etree.SubElement(root, "description")
        if maintainer:
            etree.SubElement(root, "person", userid=maintainer, role="maintainer")
        self.connection.put("source", project, "_meta", body=etree.tostring(root))

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
        found = sorted((as_request(one) for one in root.findall("request")), key=lambda request: request.number)
        return [one for one in found if target is None or any(_same(target, other) for other in one.targets)]

    def request(self, number: int) -> Request:
        """One request."""
        return as_request(self.connection.get_xml("request", str(number)))

    def create_request(self, kind: str, actions: Iterable[tuple[Place, str, Place]], description: str) -> int:
        """Create a request, once, and give its number. An action is source, its revision, and target.

        The target of a `maintenance_incident` is the maintenance project and, instead of a package, the project that
        the update is for.

        Raises:
            ServerError: the server refuses, or it is not known what it did.
        """
        root = etree.Element("request")
        for source, revision, target in actions:
            action = etree.SubElement(root, "action", type=kind)
            etree.SubElement(action, "source", project=source.project, package=source.package, rev=revision)
            second = "releaseproject" if kind == "maintenance_incident" else "package"
            ends = {"project": target.project, **({second: target.package} if target.package else {})}
            etree.SubElement(action, "target", ends)
        etree.SubElement(root, "description").text = description
        answer = self.connection.send("POST", ("request",), {"cmd": "create"}, etree.tostring(root, encoding="utf-8"))
        return int(self.connection.document(answer).get("id", "0"))

    def supersede(self, number: int, by: int, message: str) -> None:
        """Mark a request as superseded by another."""
        query = {"cmd": "changestate", "newstate": "superseded", "superseded_by": str(by)}
        self.connection.send("POST", ("request", str(number)), query, message.encode())

    def accept(self, number: int, message: str) -> None:
        """Accept a request, as a maintainer of its target."""
        query = {"cmd": "changestate", "newstate": "accepted"}
        self.connection.send("POST", ("request", str(number)), query, message.encode())

    def request_diff(self, number: int) -> str:
        """What a request changes, as a text for people."""
        body = self.connection.patiently(
            lambda: self.connection.send("POST", ("request", str(number)), {"cmd": "diff"})
        )
        return body.decode("utf-8", "replace")

    def results(self, place: Place) -> tuple[BuildResult, ...]:
        """How the builds of the package and of its flavours stand."""
        query = {"package": place.package, "multibuild": "1"}
        return as_build_results(place.package, self.connection.get_xml("build", place.project, "_result", query=query))

    def source_digests(self, place: Place) -> frozenset[str]:
        """The digests by which the package's present files, a link expanded, are known where they are built."""
        found = self.connection.get_xml("source", place.project, place.package, query={"view": "info"})
        return _digests(found)

    def built_digests(self, project: str, result: BuildResult) -> frozenset[str]:
        """The digests of the files that the last build behind a result was made of; none where it was never built."""
        query = {"package": result.package, "limit": "1"}
        where = ("build", project, result.repository, result.architecture, "_jobhistory")
        return frozenset().union(*(_digests(job) for job in self.connection.get_xml(*where, query=query)))

    def log_end(self, project: str, result: BuildResult) -> str:
        """The end of the log of the last build behind a result."""
        where = ("build", project, result.repository, result.architecture, result.package, "_log")
        entry = self.connection.get_xml(*where, query={"view": "entry"}).find("entry")
        size = int(entry.get("size") or 0) if entry is not None else 0
        query = {"nostream": "1", "start": str(max(0, size - LOG_END))}
        return self.connection.get(*where, query=query).decode("utf-8", "replace")


def _digests(element: etree._Element) -> frozenset[str]:
    return frozenset(str(element.get(name)) for name in ("srcmd5", "verifymd5") if element.get(name))


def _literal(text: str) -> str:
    """A string in XPath, which knows no escapes."""
    return f"'{text}'" if "'" not in text else f'"{text}"'


def _same(wanted: Place, found: Place) -> bool:
    return wanted.project == found.project and wanted.package in ("", found.package)
