"""The life of a request: created, declined, reopened, revoked, superseded, or accepted whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from lxml import etree

from generator.obs.gateway.accounts import ADMINISTRATOR
from generator.obs.gateway.actions import Actions, place
from generator.obs.gateway.faults import FaultError, document, parse, status_document
from generator.obs.gateway.store import Store

OPEN = ("new", "review")
LEADS_TO = {
    "new": ("accepted", "declined", "revoked", "superseded"),
    "review": ("accepted", "declined", "revoked", "superseded"),
    "declined": ("new", "revoked", "superseded"),
    "revoked": ("new",),
    "accepted": (),
    "superseded": (),
}


def now() -> str:
    """This moment as the front end writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")


class Requests:
    """The requests of one private server."""

    def __init__(self, store: Store, actions: Actions) -> None:
        self.store = store
        self.actions = actions

    def recover(self) -> None:
        """Finish what a killed gateway had begun to accept; take it back where it cannot be finished."""
        for number, held in self.store.begun().items():
            request = self.store.request(number)
            if request.find("state").get("name") in OPEN:
                try:
                    self._finish(request, held, ADMINISTRATOR, "finished after an interruption")
                except FaultError:
                    continue
            self.store.end(number)

    def create(self, login: str, body: bytes, query: Mapping[str, str]) -> bytes:
        """Create a request from what a client sent.

        Raises:
            FaultError: it is not a request with actions that are possible here.
        """
        request = parse(body, "the request")
        actions = request.findall("action")
        if request.tag != "request" or not actions:
            raise FaultError(400, "validation_failed", "the request contains no action")
        for action in actions:
            self.actions.check(action)
            if query.get("addrevision") and action.find("source") is not None:
                action.find("source").set("rev", str(self.actions.files(action).get("srcmd5")))
        for tag in ("state", "history", "review"):
            for found in request.findall(tag):
                request.remove(found)
        with self.store.lock:
            request.set("id", self.store.next_number())
            request.set("creator", login)
            moment = now()
            state = etree.Element("state", name="new", who=login, when=moment, created=moment)
            etree.SubElement(state, "comment")
            request.insert(len(actions), state)
            self._note(request, login, "Request created", "")
            self.store.save(request)
        return self.show(request, {})

    def show(self, request: etree._Element, query: Mapping[str, str]) -> bytes:
        """A request as a client sees it: its history only where asked for."""
        return document(self.visible(request, query))

    def visible(self, request: etree._Element, query: Mapping[str, str]) -> etree._Element:
        """The same as an element."""
        if not (query.get("withhistory") or query.get("withfullhistory")):
            for found in request.findall("history"):
                request.remove(found)
        return request

    def diff(self, request: etree._Element, query: Mapping[str, str]) -> tuple[bytes, str]:
        """The difference that a request makes, and its content type."""
        view = query.get("view", "")
        whole = b""
        for action in request.findall("action"):
            if action.get("type") == "delete":
                continue
            part = self.actions.diff(action, view=view, with_issues=bool(query.get("withissues")))
            if view == "xml":
                action.append(parse(part, "sourcediff"))
            whole += part
        return (self.show(request, query), "text/xml") if view == "xml" else (whole, "text/plain")

    def change_state(self, login: str, number: str, query: Mapping[str, str], comment: str) -> bytes:
        """Bring a request into another state.

        Raises:
            FaultError: the state does not lead there (403), or this person may not (403), or accepting failed; then
                every target is as it was.
        """
        wanted = query.get("newstate", "")
        with self.store.lock:
            request = self.store.request(number)
            state = request.find("state").get("name")
            if wanted not in LEADS_TO.get(state, ()):
                summary = f"request {number} is {state}, which does not lead to {wanted or 'no state'}"
                raise FaultError(403, "post_request_no_permission", summary)
            self._authorize(login, request, wanted)
            if wanted == "accepted":
                self._accept(request, login, comment)
            else:
                by = query.get("superseded_by", "") if wanted == "superseded" else ""
                if by:
                    self.store.request(by)
                self._set_state(request, login, wanted, comment, by)
        return status_document()

    def _authorize(self, login: str, request: etree._Element, wanted: str) -> None:
        number, creator = request.get("id"), request.get("creator")
        decides = all(
            self.actions.rights.may_write(login, *place(action, "target")) for action in request.findall("action")
        )
        allowed = {
            "accepted": decides,
            "declined": decides,
            "revoked": login in (creator, ADMINISTRATOR),
            "superseded": decides or login == creator,
            "new": decides or login == creator,
        }[wanted]
        if not allowed:
            summary = f"No permission to change state of request {number} to {wanted} by {login}"
            raise FaultError(403, "post_request_no_permission", summary)

    def _accept(self, request: etree._Element, login: str, comment: str) -> None:
        for action in request.findall("action"):
            self.actions.check(action)
        held = [self.actions.before(action) for action in request.findall("action")]
        self.store.begin(str(request.get("id")), held)
        self._finish(request, held, login, comment)
        self.store.end(str(request.get("id")))

    def _finish(self, request: etree._Element, held: list[dict[str, str]], login: str, comment: str) -> None:
        number = str(request.get("id"))
        try:
            for action in request.findall("action"):
                self.actions.perform(action, login, number, request.findtext("description") or "")
        except FaultError:
            for one in reversed(held):
                self.actions.take_back(one, login, number)
            self.store.end(number)
            raise
        self._set_state(request, login, "accepted", comment)
        for action in request.findall("action"):
            self.actions.clean_up(action, login)

    def _set_state(self, request: etree._Element, login: str, name: str, comment: str, by: str = "") -> None:
        state = request.find("state")
        state.attrib.pop("superseded_by", None)
        state.attrib.update({"name": name, "who": login, "when": now(), **({"superseded_by": by} if by else {})})
        state.find("comment").text = comment
        words = "Request got reopened" if name == "new" else f"Request got {name}"
        self._note(request, login, words, comment)
        self.store.save(request)

    def _note(self, request: etree._Element, login: str, what: str, comment: str) -> None:
        history = etree.Element("history", who=login, when=now())
        etree.SubElement(history, "description").text = what
        if comment:
            etree.SubElement(history, "comment").text = comment
        description = request.find("description")
        if description is None:
            request.append(history)
        else:
            description.addprevious(history)
