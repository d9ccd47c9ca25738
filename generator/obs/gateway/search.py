"""Searching: the front end's XPath over requests, people and projects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lxml import etree

from generator.obs.gateway.accounts import Accounts, Rights
from generator.obs.gateway.attributes import Attributes, full_name
from generator.obs.gateway.faults import FaultError, parse
from generator.obs.gateway.requests import Requests
from generator.obs.gateway.upstream import Upstream

LITERAL = r"'[^']*'|\"[^\"]*\""
REQUEST_END = re.compile(rf"{LITERAL}|(?<![\w/@-])(?P<end>source|target)(?=[/\[])")
ELEMENT_AS_ATTRIBUTE = re.compile(rf"{LITERAL}|@(?P<end>login|email|realname|state)\b")


def rewrite(expression: str, pattern: re.Pattern[str], to: Callable[[str], str]) -> str:
    """Replace what the pattern names `end`, outside string literals."""
    return pattern.sub(lambda found: to(found["end"]) if found["end"] else found[0], expression)


def select(candidates: list[etree._Element], expression: str) -> list[etree._Element]:
    """The candidates for which the expression holds.

    Raises:
        FaultError: it is not XPath (400).
    """
    root = etree.Element("all")
    root.extend(candidates)
    try:
        found = root.xpath(f"*[{expression}]" if expression else "*")
    except etree.XPathError as error:
        raise FaultError(400, "illegal_xpath_error", f"{expression}: {error}") from None
    return list(found) if isinstance(found, list) else []


def collection(found: list[etree._Element]) -> etree._Element:
    """A `<collection>` of what was found."""
    root = etree.Element("collection", matches=str(len(found)))
    root.extend(found)
    return root


class Search:
    """What can be searched for on one private server."""

    def __init__(
        self, upstream: Upstream, accounts: Accounts, rights: Rights, attributes: Attributes, requests: Requests
    ) -> None:
        self.upstream = upstream
        self.accounts = accounts
        self.rights = rights
        self.attributes = attributes
        self.requests = requests

    def requests_matching(self, query: Mapping[str, str]) -> etree._Element:
        """`/search/request`: osc leaves out the step `action/` before `source` and `target`."""
        expression = rewrite(query.get("match", ""), REQUEST_END, lambda end: f"action/{end}")
        found = select(self.requests.store.requests(), expression)
        return collection([self.requests.visible(one, query) for one in found])

    def requests_listed(self, query: Mapping[str, str]) -> etree._Element:
        """`/request?view=collection` with its filters."""

        def among(name: str, value: str) -> bool:
            return not query.get(name) or value in query[name].split(",")

        def fits(request: etree._Element) -> bool:
            ends = request.findall("action/source") + request.findall("action/target")
            project, package, user = query.get("project"), query.get("package"), query.get("user")
            return (
                among("states", request.find("state").get("name"))
                and among("ids", request.get("id"))
                and (
                    not query.get("types") or any(among("types", one.get("type")) for one in request.findall("action"))
                )
                and (
                    not project
                    or any(one.get("project") == project and package in (None, one.get("package")) for one in ends)
                )
                and (not user or request.get("creator") == user or self._maintains(user, request))
            )

        found = [one for one in self.requests.store.requests() if fits(one)]
        return collection([self.requests.visible(one, query) for one in found])

    def people(self, query: Mapping[str, str]) -> etree._Element:
        """`/search/person`."""
        expression = rewrite(query.get("match", ""), ELEMENT_AS_ATTRIBUTE, lambda end: end)
        return collection(select([one.document() for one in self.accounts.all()], expression))

    def projects(self, query: Mapping[str, str], *, names_only: bool) -> etree._Element:
        """`/search/project` and `/search/project/id`: metadata together with attributes."""
        listing = parse(self.upstream.need("GET", "/source"), "project list")
        candidates, attributed = [], self.attributes.attributed()
        for entry in listing.findall("entry"):
            name = str(entry.get("name"))
            meta = self.upstream.meta(name)
            if meta is not None:
                for attribute in self.attributes.read(name) if name in attributed else ():
                    etree.SubElement(meta, "attribute", name=full_name(attribute))
                candidates.append(meta)
        found = select(candidates, query.get("match", ""))
        for project in found:
            for child in list(project):
                if names_only or child.tag == "attribute":
                    project.remove(child)
        return collection(found)

    def _maintains(self, user: str, request: etree._Element) -> bool:
        return any(
            user in self.rights.maintainers(str(one.get("project")), str(one.get("package") or ""))
            for one in request.findall("action/target")
        )
