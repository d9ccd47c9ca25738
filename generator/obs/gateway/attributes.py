"""Attributes of projects and packages, stored where the front end mirrors them: in the backend's own meta history."""

from __future__ import annotations

import json

from lxml import etree

from generator.obs.gateway.faults import document, parse
from generator.obs.gateway.store import Store, write
from generator.obs.gateway.upstream import Upstream, path_of


def full_name(attribute: etree._Element) -> str:
    """`NAMESPACE:NAME`."""
    return f"{attribute.get('namespace')}:{attribute.get('name')}"


class Attributes:
    """What is said about projects and packages.

    The backend cannot search for it; as the front end's database does, a file remembers which projects have any. A
    project is in it before its first attribute is, and until its last one is gone.
    """

    def __init__(self, upstream: Upstream, store: Store) -> None:
        self.upstream = upstream
        self._store = store
        self._index = store.folder / "attributed.json"

    def read(self, project: str, package: str = "", name: str = "") -> etree._Element:
        """The `<attributes>` of a project or package; with a name, only that one."""
        answer = self.upstream.ask("GET", path_of(project, package or "_project", "_attribute"), {"meta": "1"})
        root = parse(answer.body, "_attribute") if answer.status == 200 else etree.Element("attributes")
        for attribute in root.findall("attribute"):
            if name and full_name(attribute) != name:
                root.remove(attribute)
        return root

    def add(self, login: str, project: str, package: str, new: etree._Element) -> None:
        """Add attributes, replacing those of the same name."""
        named = {full_name(one) for one in new.iter("attribute")}
        self._write(login, project, package, named, list(new.iter("attribute")))

    def remove(self, login: str, project: str, package: str, name: str) -> None:
        """Remove one attribute."""
        self._write(login, project, package, {name}, [])

    def projects_with(self, name: str) -> list[str]:
        """The projects that carry an attribute, sorted."""
        return sorted(one for one in self.attributed() if len(self.read(one, name=name)))

    def attributed(self) -> set[str]:
        """The projects that carry attributes."""
        return set(json.loads(self._index.read_bytes())) if self._index.exists() else set()

    def _write(self, login: str, project: str, package: str, gone: set[str], new: list[etree._Element]) -> None:
        with self._store.lock:
            root = self.read(project, package)
            for attribute in root.findall("attribute"):
                if full_name(attribute) in gone:
                    root.remove(attribute)
            root.extend(new)
            if not package and len(root):
                self._remember(self.attributed() | {project})
            where = path_of(project, package or "_project", "_attribute")
            self.upstream.need("PUT", where, {"meta": "1", "user": login}, document(root))
            if not package and not len(root):
                self._remember(self.attributed() - {project})

    def _remember(self, projects: set[str]) -> None:
        write(self._index, json.dumps(sorted(projects)).encode())
