"""Who may log in, with what, and where they may write."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from lxml import etree

from generator.obs.gateway.faults import FaultError
from generator.obs.gateway.upstream import Upstream

ADMINISTRATOR = "Admin"
PERSON = "packager"


@dataclass(frozen=True)
class Account:
    """A person."""

    login: str
    password: str
    name: str
    email: str

    def document(self) -> etree._Element:
        """The person as the front end describes one."""
        root = etree.Element("person")
        for tag, text in (("login", self.login), ("email", self.email), ("realname", self.name)):
            etree.SubElement(root, tag).text = text
        etree.SubElement(root, "state").text = "confirmed"
        return root


class Accounts:
    """The accounts of one private server, kept in a file that only its owner can read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists():
            held = json.loads(path.read_text(encoding="utf-8"))
        else:
            held = {"secret": secrets.token_hex(16), "accounts": []}
        self._secret = str(held["secret"])
        self._accounts = {one["login"]: Account(**one) for one in held["accounts"]}
        for login, name in ((ADMINISTRATOR, "Administrator"), (PERSON, "A Packager")):
            if login not in self._accounts:
                self.add(login, name)

    def add(self, login: str, name: str = "", password: str = "") -> Account:
        """Add a person; without a password, one is made up."""
        account = Account(login, password or secrets.token_urlsafe(18), name or login, f"{login.lower()}@example.org")
        self._accounts[login] = account
        held = {"secret": self._secret, "accounts": [vars(one) for one in self._accounts.values()]}
        new = self.path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(held, file, indent=1)
        new.replace(self.path)
        return account

    def __getitem__(self, login: str) -> Account:
        """The account of a person.

        Raises:
            FaultError: there is no such person (404).
        """
        try:
            return self._accounts[login]
        except KeyError:
            raise FaultError(404, "not_found", f"Couldn't find User with login = {login}") from None

    def all(self) -> list[Account]:
        """All accounts."""
        return list(self._accounts.values())

    def session(self, login: str) -> str:
        """The value of a session cookie."""
        mark = hmac.new(self._secret.encode(), login.encode(), hashlib.sha256).hexdigest()
        return f"{base64.urlsafe_b64encode(login.encode()).decode()}.{mark}"

    def identify(self, authorization: str, cookies: str, cookie_name: str) -> str:
        """The login of whoever sent these headers, or an empty string."""
        if authorization.startswith("Basic "):
            try:
                login, _, password = base64.b64decode(authorization[6:]).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return ""
            account = self._accounts.get(login)
            known = account is not None and hmac.compare_digest(account.password.encode(), password.encode())
            return login if known else ""
        try:
            morsel = SimpleCookie(cookies).get(cookie_name)
        except CookieError:
            return ""
        if morsel is None:
            return ""
        try:
            login = base64.urlsafe_b64decode(morsel.value.partition(".")[0]).decode()
        except (binascii.Error, UnicodeDecodeError):
            return ""
        return login if login in self._accounts and hmac.compare_digest(self.session(login), morsel.value) else ""


class Rights:
    """Who may write where: administrators everywhere, others at home and where `_meta` names them."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream

    def maintainers(self, project: str, package: str = "") -> set[str]:
        """The people named as maintainers of a project, or of a package and its project."""
        found: set[str] = set()
        for meta in (self.upstream.meta(project), self.upstream.meta(project, package) if package else None):
            if meta is not None:
                found |= {str(one.get("userid")) for one in meta.findall("person") if one.get("role") == "maintainer"}
        return found

    def may_write(self, login: str, project: str, package: str = "") -> bool:
        """Whether a person may change the project or package."""
        at_home = project == f"home:{login}" or project.startswith(f"home:{login}:")
        return login == ADMINISTRATOR or at_home or login in self.maintainers(project, package)

    def require(self, login: str, project: str, package: str = "") -> None:
        """Refuse a person without the right to write.

        Raises:
            FaultError: 403.
        """
        if not self.may_write(login, project, package):
            where = f"package '{package}' in project '{project}'" if package else f"project '{project}'"
            raise FaultError(403, "cmd_execution_no_permission", f"no permission to modify {where}")
