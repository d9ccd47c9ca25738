"""Branching one package, and all maintained instances of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy

from lxml import etree

from generator.obs.gateway.accounts import Rights
from generator.obs.gateway.attributes import Attributes
from generator.obs.gateway.faults import FaultError, document, status_document
from generator.obs.gateway.upstream import Upstream, path_of


class Branches:
    """The front end's `cmd=branch`, on top of the backend's."""

    def __init__(self, upstream: Upstream, rights: Rights, attributes: Attributes) -> None:
        self.upstream = upstream
        self.rights = rights
        self.attributes = attributes

    def copy_meta(self, login: str, source: tuple[str, str], target: tuple[str, str]) -> None:
        """Make the target package with the source's title and description, without its people and locks."""
        meta = self.upstream.meta(*source)
        if meta is None:
            meta = etree.Element("package")
            etree.SubElement(meta, "title")
            etree.SubElement(meta, "description")
        for tag in ("person", "group", "devel", "lock", "releasename"):
            for found in meta.findall(tag):
                meta.remove(found)
        meta.set("project", target[0])
        meta.set("name", target[1])
        self.upstream.need("PUT", path_of(*target, "_meta"), {"user": login}, document(meta))

    def branch(self, login: str, project: str, package: str, query: Mapping[str, str]) -> bytes:
        """Branch one package and answer where it went.

        Raises:
            FaultError: no such package (404, unless `missingok`), no right to write (403), or it was branched before
                (400 `double_branch_package`; osc reads the summary's wording).
        """
        source = self._develop(project, package) if "ignoredevel" not in query else (project, package)
        missing = not self.upstream.exists(*source)
        if missing and "missingok" not in query:
            raise FaultError(404, "unknown_package", f"{project}/{package}")
        if missing and not self.upstream.exists(project):
            raise FaultError(404, "unknown_project", project)
        target = (
            query.get("target_project") or f"home:{login}:branches:{source[0]}",
            query.get("target_package") or source[1],
        )
        if not (self.upstream.exists(target[0]) and self.rights.may_write(login, *target)):
            self.rights.require(login, target[0])
        if self.upstream.exists(*target) and "force" not in query:
            summary = f"branch target package already exists: {target[0]}/{target[1]}"
            raise FaultError(400, "double_branch_package", summary)
        if not self.upstream.exists(target[0]):
            self._make_project(login, target[0], package)
            self._build_as(login, source[0], target[0])
        self.copy_meta(login, source, target)
        self.upstream.need(
            "POST",
            path_of(*target),
            {
                "cmd": "branch",
                "oproject": source[0],
                "opackage": source[1],
                "orev": query.get("rev"),
                "user": login,
                "comment": query.get("comment"),
                "missingok": "1" if missing else None,
            },
        )
        return status_document(
            targetproject=target[0], targetpackage=target[1], sourceproject=source[0], sourcepackage=source[1]
        )

    def branch_maintained(self, login: str, query: Mapping[str, str]) -> bytes:
        """Branch every instance of a package that carries the attribute; with `dryrun` only list them.

        Each is built as its own project is, and nowhere else: in repositories that have the project in their names.

        Raises:
            FaultError: no instance (404), or one of `branch`'s.
        """
        package, attribute = query.get("package", ""), query.get("attribute", "OBS:Maintained")
        found = [one for one in self.attributes.projects_with(attribute) if self.upstream.exists(one, package)]
        if not found:
            raise FaultError(404, "not_found", "no packages found by search criteria")
        if "dryrun" in query:
            root = etree.Element("collection")
            for project in found:
                etree.SubElement(root, "package", project=project, package=package)
            return document(root)
        together = query.get("target_project") or f"home:{login}:branches:{attribute.replace(':', '_')}:{package}"
        if not self.upstream.exists(together):
            self._make_project(login, together, package, etree.fromstring("<build><disable/></build>"))
        for project in found:
            own = project.replace(":", "_")
            name = f"{package}.{own}"
            if not self.upstream.exists(together, name):
                self.branch(login, project, package, {"target_project": together, "target_package": name})
                self._enable(login, (together, name), self._build_as(login, project, together, f"{own}_"))
        return status_document(targetproject=together)

    def _develop(self, project: str, package: str) -> tuple[str, str]:
        meta = self.upstream.meta(project, package)
        devel = meta.find("devel") if meta is not None else None
        if devel is None or not devel.get("project"):
            return project, package
        return str(devel.get("project")), str(devel.get("package") or package)

    def _make_project(self, login: str, project: str, package: str, *flags: etree._Element) -> None:
        root = etree.Element("project", name=project)
        etree.SubElement(root, "title").text = f"Branch project for package {package}"
        etree.SubElement(root, "description")
        etree.SubElement(root, "person", userid=login, role="maintainer")
        root.extend(flags)
        self.upstream.need("PUT", path_of(project, "_meta"), {"user": login}, document(root))

    def _build_as(self, login: str, origin: str, project: str, before: str = "") -> list[str]:
        """Give a project the repositories of another, each named with `before` in front, and give these names."""
        given, root = self.upstream.meta(origin), self.upstream.meta(project)
        if given is None or root is None:
            return []
        names = []
        there = {one.get("name") for one in root.findall("repository")}
        for repository in given.findall("repository"):
            names.append(before + str(repository.get("name")))
            if names[-1] not in there:
                made = etree.SubElement(root, "repository", name=names[-1])
                etree.SubElement(made, "path", project=origin, repository=str(repository.get("name")))
                made.extend(copy(one) for one in repository.findall("arch"))
        self.upstream.need("PUT", path_of(project, "_meta"), {"user": login}, document(root))
        return names

    def _enable(self, login: str, place: tuple[str, str], repositories: Iterable[str]) -> None:
        """Let a package be built in these repositories of a project where nothing is built otherwise."""
        root = self.upstream.meta(*place)
        if root is None:
            return
        build = etree.SubElement(root, "build")
        for name in repositories:
            etree.SubElement(build, "enable", repository=name)
        self.upstream.need("PUT", path_of(*place, "_meta"), {"user": login}, document(root))
