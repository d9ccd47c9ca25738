"""Which calls the gateway answers itself; every other goes to the backend, once the right to write is proven."""

from __future__ import annotations

from lxml import etree

from generator.obs.gateway.accounts import ADMINISTRATOR, Accounts, Rights
from generator.obs.gateway.actions import Actions
from generator.obs.gateway.attributes import Attributes
from generator.obs.gateway.branches import Branches
from generator.obs.gateway.calls import Call, Reply
from generator.obs.gateway.faults import FaultError, document, parse
from generator.obs.gateway.requests import Requests, now
from generator.obs.gateway.search import Search
from generator.obs.gateway.store import Store
from generator.obs.gateway.upstream import Upstream

HARMLESS = ("diff", "linkdiff", "servicediff", "getprojectservices", "waitservice")


class Routes:
    """The front end's part of the interface."""

    def __init__(self, upstream: Upstream, accounts: Accounts, store: Store) -> None:
        self.upstream = upstream
        self.accounts = accounts
        self.store = store
        self.rights = Rights(upstream)
        self.attributes = Attributes(upstream, store)
        self.branches = Branches(upstream, self.rights, self.attributes)
        self.requests = Requests(store, Actions(upstream, self.rights, self.branches))
        self.search = Search(upstream, accounts, self.rights, self.attributes, self.requests)

    def answer(self, call: Call) -> Reply | None:
        """The answer to a call, or None where the backend is to answer.

        Raises:
            FaultError: the call is refused.
        """
        handler = {
            "about": self._about,
            "person": self._person,
            "request": self._request,
            "search": self._search,
            "comments": self._comments,
            "comment": self._comment,
            "source": self._source,
        }.get(call.parts[0])
        return handler(call) if handler else None

    def backend_query(self, call: Call) -> list[tuple[str, str]]:
        """The query to send on: the backend trusts `user`, and refuses parameters that it does not know.

        Raises:
            FaultError: the call writes where this person may not (403).
        """
        pairs = [(name, value) for name, value in call.pairs if name != "user"]
        if call.parts[0] == "search" and call.parts[-1] == "package":
            # osc wraps the whole expression in ([…]), which the backend does not read
            pairs = [(name, value.removeprefix("([").removesuffix("])")) for name, value in pairs]
        writes = call.method in ("PUT", "POST", "DELETE") and call.command not in HARMLESS
        if not writes:
            return list(call.pairs)
        if call.parts[0] == "source" and len(call.parts) > 1:
            self.rights.require(call.login, call.parts[1], call.parts[2] if len(call.parts) > 3 else "")
            if call.parts[-1] == "_meta" or call.method == "DELETE":
                pairs = [(name, value) for name, value in pairs if name != "force"]
            return [*pairs, ("user", call.login)]
        if call.login != ADMINISTRATOR:
            raise FaultError(403, "no_permission", "only the administrator may do this")
        return pairs

    def _about(self, _call: Call) -> Reply:
        root = etree.Element("about")
        etree.SubElement(root, "title").text = "Private Open Build Service: real backend, stand-in front end"
        etree.SubElement(root, "description")
        etree.SubElement(root, "revision").text = "private"
        return Reply(document(root))

    def _person(self, call: Call) -> Reply:
        return Reply(document(self.accounts[call.parts[1] if len(call.parts) > 1 else call.login].document()))

    def _search(self, call: Call) -> Reply | None:
        kind = "/".join(call.parts[1:])
        if kind == "request":
            return Reply(document(self.search.requests_matching(call.query)))
        if kind == "person":
            return Reply(document(self.search.people(call.query)))
        if kind in ("project", "project/id"):
            return Reply(document(self.search.projects(call.query, names_only=kind.endswith("id"))))
        return None

    def _request(self, call: Call) -> Reply:
        if len(call.parts) == 1:
            if call.method == "POST" and call.command == "create":
                return Reply(self.requests.create(call.login, call.body.read(), call.query))
            return Reply(document(self.search.requests_listed(call.query)))
        number = call.parts[1]
        if call.method == "GET":
            return Reply(self.requests.show(self.store.request(number), call.query))
        if call.command == "diff":
            return Reply(*self.requests.diff(self.store.request(number), call.query))
        if call.command == "changestate":
            return Reply(self.requests.change_state(call.login, number, call.query, call.text()))
        raise FaultError(400, "unknown_command", f"this private server does not know {call.command or call.method}")

    def _comments(self, call: Call) -> Reply:
        subject = "/".join(call.parts[1:])
        if call.method == "POST":
            self.store.add_comment(subject, call.login, now(), call.text())
            return Reply()
        root = etree.Element("comments")
        for comment in self.store.comments():
            if comment["subject"] == subject:
                attributes = {name: comment[name] for name in ("id", "who", "when")}
                etree.SubElement(root, "comment", attributes).text = comment["text"]
        return Reply(document(root))

    def _comment(self, call: Call) -> Reply:
        if call.method != "DELETE" or len(call.parts) != 2:
            raise FaultError(400, "unknown_command", "a single comment can only be removed")
        self.store.remove_comment(call.parts[1], call.login, call.login == ADMINISTRATOR)
        return Reply()

    def _source(self, call: Call) -> Reply | None:
        if "_attribute" in call.parts:
            return self._attribute(call)
        if call.method == "POST" and call.command == "branch" and len(call.parts) in (1, 3):
            if len(call.parts) == 1:
                return Reply(self.branches.branch_maintained(call.login, call.query))
            return Reply(self.branches.branch(call.login, call.parts[1], call.parts[2], call.query))
        if call.method == "POST" and len(call.parts) == 1:
            raise FaultError(400, "unknown_command", f"this private server does not know {call.command or 'that'}")
        return None

    def _attribute(self, call: Call) -> Reply:
        at = list(call.parts).index("_attribute")
        project, package = call.parts[1], call.parts[2] if at == 3 else ""
        name = call.parts[at + 1] if len(call.parts) > at + 1 else ""
        if call.method == "GET":
            return Reply(document(self.attributes.read(project, package, name)))
        self.rights.require(call.login, project, package)
        if call.method == "DELETE":
            self.attributes.remove(call.login, project, package, name)
        else:
            self.attributes.add(call.login, project, package, parse(call.body.read(), "the attributes"))
        return Reply()
