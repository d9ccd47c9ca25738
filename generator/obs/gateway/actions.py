"""What the actions of a request do when it is accepted, and how each is taken back."""

from __future__ import annotations

from lxml import etree

from generator.obs.gateway.accounts import Rights
from generator.obs.gateway.branches import Branches
from generator.obs.gateway.faults import FaultError, document, parse
from generator.obs.gateway.upstream import Upstream, path_of

SUPPORTED = ("submit", "delete", "maintenance_incident")


def place(action: etree._Element, end: str) -> tuple[str, str]:
    """The project and package at an action's `source` or `target`; empty where it names none."""
    found = action.find(end)
    return ("", "") if found is None else (found.get("project", ""), found.get("package", ""))


class Actions:
    """Checks, performs and takes back single actions."""

    def __init__(self, upstream: Upstream, rights: Rights, branches: Branches) -> None:
        self.upstream = upstream
        self.rights = rights
        self.branches = branches

    def check(self, action: etree._Element) -> None:
        """Check that an action can be asked for, and complete it with what it leaves out.

        Raises:
            FaultError: the kind is not supported here (400), or a project, package or revision is not there (404).
        """
        kind = action.get("type", "")
        if kind not in SUPPORTED:
            summary = (
                f"this private server knows the actions {', '.join(SUPPORTED)}, not {kind or 'one without a type'}"
            )
            raise FaultError(400, "request_save_error", summary)
        source, target = place(action, "source"), place(action, "target")
        if not self.upstream.exists(target[0]):
            raise FaultError(404, "unknown_project", target[0] or "the action names no target project")
        if kind == "delete":
            if target[1] and not self.upstream.exists(*target):
                raise FaultError(404, "unknown_package", "/".join(target))
            return
        if not source[1] or not self.upstream.exists(*source):
            raise FaultError(404, "unknown_package", "/".join(source))
        self.files(action)
        if kind == "submit" and not target[1]:
            action.find("target").set("package", source[1])

    def files(self, action: etree._Element) -> etree._Element:
        """The expanded file list of an action's source, which also proves that the revision is there.

        Raises:
            FaultError: it is not.
        """
        source = action.find("source")
        where = path_of(*place(action, "source"))
        return parse(self.upstream.need("GET", where, {"rev": source.get("rev"), "expand": "1"}), "file list")

    def diff(self, action: etree._Element, *, view: str, with_issues: bool) -> bytes:
        """The difference that an action would make, as text or (`view` is `xml`) as a `<sourcediff>`."""
        source, target = place(action, "source"), place(action, "target")
        if action.get("type") == "maintenance_incident":
            target = self._origin(action)
        query = {
            "cmd": "diff",
            "rev": action.find("source").get("rev"),
            "oproject": target[0],
            "opackage": target[1],
            "expand": "1",
            "missingok": "1",
            "unified": None if view == "xml" else "1",
            "view": view or None,
            "withissues": "1" if with_issues else None,
        }
        accepted = action.find("acceptinfo")
        if accepted is not None:  # against what the target held before, not against itself
            old = accepted.get("oxsrcmd5") or accepted.get("osrcmd5")
            query["orev"] = old or "0"
        return self.upstream.need("POST", path_of(*source), query)

    def _origin(self, action: etree._Element) -> tuple[str, str]:
        """What a maintenance action's source was branched from: what the update is compared with."""
        source = place(action, "source")
        listing = parse(self.upstream.need("GET", path_of(*source), {"rev": action.find("source").get("rev")}), "files")
        link = listing.find("linkinfo")
        if link is not None:
            return str(link.get("project")), str(link.get("package") or source[1])
        return action.find("target").get("releaseproject") or "", source[1]

    def before(self, action: etree._Element) -> dict[str, str]:
        """What an action's target holds now, to be put back if the acceptance fails."""
        project, package = self.target(action)
        revision = self.upstream.revision(project, package) if package else None
        exists = self.upstream.exists(project, package)
        return {
            "project": project,
            "package": package,
            "exists": "1" if exists else "",
            "rev": str(revision.get("rev")) if revision is not None else "",
        }

    def target(self, action: etree._Element) -> tuple[str, str]:
        """Where an action writes."""
        project, package = place(action, "target")
        if action.get("type") == "maintenance_incident":
            return f"{project}:{action.getparent().get('id')}", place(action, "source")[1]
        return project, package

    def perform(self, action: etree._Element, login: str, number: str, comment: str) -> None:
        """Do what the action asks for; nothing where an interrupted acceptance has done it already.

        Raises:
            FaultError: the backend refuses.
        """
        project, package = self.target(action)
        if action.get("type") == "delete":
            if self.upstream.exists(project, package):
                self.upstream.need("DELETE", path_of(*filter(None, (project, package))), {"user": login})
            return
        source = place(action, "source")
        newest = self.upstream.revision(project, package)
        if newest is not None and newest.findtext("requestid") == number:
            return
        if not self.upstream.exists(project):
            self._make_incident(project, login)
        if not self.upstream.exists(project, package):
            self.branches.copy_meta(login, source, (project, package))
        answer = self.upstream.need(
            "POST",
            path_of(project, package),
            {
                "cmd": "copy",
                "oproject": source[0],
                "opackage": source[1],
                "orev": action.find("source").get("rev"),
                "user": login,
                "comment": comment,
                "requestid": number,
                "expand": "1",
                "keeplink": "1",  # of the target: where it is a link, it stays one
                "noservice": "1",
                "withacceptinfo": "1",
            },
        )
        accepted = parse(answer, "revision").find("acceptinfo")
        if accepted is not None:
            action.append(accepted)

    def take_back(self, held: dict[str, str], login: str, number: str) -> None:
        """Put back what a target held before the request with this number."""
        project, package = held["project"], held["package"]
        if held["exists"] and not self.upstream.exists(project, package):
            self.upstream.need("POST", path_of(*filter(None, (project, package))), {"cmd": "undelete", "user": login})
        elif not held["exists"]:
            if self.upstream.exists(project, package):
                self.upstream.need("DELETE", path_of(project, package), {"user": login})
        elif package:
            newest = self.upstream.revision(project, package)
            if newest is None or newest.findtext("requestid") != number:
                return
            self.upstream.need(
                "POST",
                path_of(project, package),
                {
                    "cmd": "copy",
                    "oproject": project,
                    "opackage": package,
                    "orev": held["rev"] or "0",
                    "user": login,
                    "comment": f"request {number} could not be accepted",
                    "noservice": "1",
                },
            )

    def clean_up(self, action: etree._Element, login: str) -> None:
        """Remove the source where the request asks for that once it is accepted."""
        if action.findtext("options/sourceupdate") == "cleanup":
            source = place(action, "source")
            if self.upstream.exists(*source):
                self.upstream.need("DELETE", path_of(*source), {"user": login})

    def _make_incident(self, project: str, login: str) -> None:
        root = etree.Element("project", name=project, kind="maintenance_incident")
        etree.SubElement(root, "title").text = "Maintenance incident"
        etree.SubElement(root, "description")
        self.upstream.need("PUT", path_of(project, "_meta"), {"user": login}, document(root))
