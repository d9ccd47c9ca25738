"""A whole private Open Build Service: the real backend, the stand-in front end, and a configuration for osc."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from generator.obs import buildroot
from generator.obs.backend import ARCHITECTURE, Backend
from generator.obs.gateway import Gateway
from generator.obs.gateway.accounts import PERSON, Account
from generator.obs.gateway.upstream import Upstream

ALIAS = "private"


class PrivateServer:
    """A private server in a folder of its own, or, without one, in a temporary folder that goes with it.

    With `builds` it builds packages too, in a root made of this machine's files (`generator.obs.buildroot`).
    """

    def __init__(self, data: Path | None = None, *, builds: bool = False) -> None:
        self.temporary = data is None
        self.data = data if data is not None else Path(tempfile.mkdtemp(prefix="specgen-obs-"))
        self.backend = Backend(self.data, builds=builds, temporary=self.temporary)
        self._gateway: Gateway | None = None

    @property
    def gateway(self) -> Gateway:
        """The front end."""
        if self._gateway is None:
            raise RuntimeError("the private server is not started")
        return self._gateway

    @property
    def url(self) -> str:
        """Its address."""
        return self.gateway.url

    def start(self) -> None:
        """Start both.

        Raises:
            RefusalError: this machine cannot run the backend.
        """
        try:
            self.backend.start()
            if self.backend.builds:
                buildroot.install(Upstream(self.backend.source_port), ARCHITECTURE, self.data / "buildroot")
            self._gateway = Gateway(self.data, self.backend.source_port)
            self._gateway.start()
        except BaseException:
            self.stop()
            if self.temporary and not any(self.data.iterdir()):
                self.data.rmdir()
            raise

    def stop(self) -> None:
        """Stop both; a temporary folder is gone afterwards."""
        if self._gateway is not None:
            self._gateway.stop()
        self.backend.stop()

    def write_configuration(self, path: Path, login: str = PERSON, others: Iterable[PrivateServer] = ()) -> Path:
        """Write an oscrc with which osc logs in here, readable by its owner alone, and give its path."""
        servers = [self, *others]
        lines = ["[general]", f"apiurl = {self.url}", f"cookiejar = {path.with_suffix('.cookies')}"]
        lines += ["check_for_request_on_action = 0", ""]
        for number, server in enumerate(servers):
            lines += server.section(server.gateway.accounts[login], ALIAS if number == 0 else f"{ALIAS}{number + 1}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return path

    def section(self, account: Account, alias: str, url: str = "") -> list[str]:
        """The section of an oscrc for one account; `url` is another way to this server (a proxy)."""
        address = url or self.url
        secure = urlsplit(address).scheme == "https"
        return [
            f"[{address}]",
            f"aliases = {alias}",
            f"user = {account.login}",
            f"pass = {account.password}",
            "credentials_mgr_class = osc.credentials.PlaintextConfigFileCredentialsManager",
            *([] if secure else ["allow_http = 1"]),
            "",
        ]

    def __enter__(self) -> PrivateServer:
        """Start."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop."""
        self.stop()
