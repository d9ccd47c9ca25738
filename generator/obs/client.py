"""The way to an Open Build Service: osc's configuration, credentials, certificates and transport.

This is the only module that imports osc, which moves its internals about; all that is used of it stands here. osc is
GPL-2.0-or-later and comes with the extra `obs`.

osc's own retries are switched off: they would repeat a commit or the creation of a request without looking whether
the first one had arrived. So is its question whether to trust a certificate, which a script cannot answer.
"""

from __future__ import annotations

import configparser
import contextlib
import http.client
import http.cookiejar
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from lxml import etree

from generator.errors import RefusalError, SpecgenError
from generator.obs.answers import AnswerError, UnreachableError

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T")

TESTED = ("1.6.0", "2")
"""The oldest osc that the tests have run with (the newest: 1.28), and the first that may change what is used here."""

TIMEOUT = 120.0  # seconds without a byte
RETRIES = 4
PAUSE = 0.5  # seconds before the first retry; doubled for each further one


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server and how often to ask again."""

    timeout: float = TIMEOUT
    retries: int = RETRIES
    pause: float = PAUSE

    def waits(self) -> Iterator[float]:
        """The seconds to wait before each further attempt."""
        for attempt in range(self.retries):
            yield self.pause * 2**attempt


def load_osc() -> ModuleType:
    """osc, with the modules that are used here.

    Raises:
        RefusalError: it is not installed, or not a version that was tested.
    """
    try:
        import osc
        import osc.conf
        import osc.connection
        import osc.oscerr
        import osc.oscssl
    except ImportError as error:
        raise RefusalError(
            f"osc is not installed ({error.name} is missing)", hint="pip install 'obs-specgen[obs]'"
        ) from error
    from packaging.version import InvalidVersion, Version

    try:
        fits = Version(TESTED[0]) <= Version(osc.__version__) < Version(TESTED[1])
    except InvalidVersion:
        fits = False
    if not fits:
        raise RefusalError(
            f"osc {osc.__version__} is not a version that specgen was tested with",
            hint=f"install osc from {TESTED[0]} to before {TESTED[1]}",
        )
    return osc


class Configuration:
    """osc's own configuration: `oscrc` where osc looks for it (or `path`), and osc's environment variables.

    osc holds its configuration in its module, so that one is in force at a time; the last one made counts.
    """

    def __init__(self, path: Path | None = None, patience: Patience | None = None) -> None:
        self._osc = load_osc()
        self._osc.oscssl.TrustedCertStore.get_server_certificate = _distrust
        self.patience = patience or Patience()
        vars(self._osc.conf.get_configParser).pop("cp", None)  # what osc read of the same file before it was changed
        try:
            self._osc.conf.get_config(override_conffile=str(path) if path else None, overrides={"http_retries": 0})
        except self._osc.oscerr.NoConfigfile as error:
            raise RefusalError(
                f"osc is not configured: there is no {error.file}",
                hint="run osc once, or set OSC_CONFIG; `specgen submit --rehearse` needs no account",
            ) from error
        except (self._osc.oscerr.OscBaseError, configparser.Error, ValueError, TypeError, OSError) as error:
            where = f"{error.file}: {error.msg}" if isinstance(error, self._osc.oscerr.ConfigError) else ""
            raise RefusalError(f"osc's configuration is not usable: {where or _first_line(error)}") from error
        for pool in self._osc.connection.CONNECTION_POOLS.values():
            pool.close()
        self._osc.connection.CONNECTION_POOLS.clear()
        self._load_cookies()

    @property
    def aliases(self) -> Mapping[str, str]:
        """Every alias that the configuration knows, and the address of its server."""
        return {
            alias: url for url, options in self._hosts().items() for alias in (*(options.aliases or ()), url) if alias
        }

    @property
    def servers(self) -> Mapping[str, str]:
        """The address of the server for every alias, and for the empty one, which means osc's default."""
        return {**self.aliases, "": str(self._osc.conf.config["apiurl"])}

    def connect(self, alias: str = "") -> Connection:
        """The connection to the server with this alias or address; without one, to osc's default server.

        Raises:
            RefusalError: no such server is configured, no user is set for it, or its certificate is not to be checked.
        """
        url = self.aliases.get(alias, "") if alias else str(self._osc.conf.config["apiurl"])
        if url not in self._hosts():
            raise RefusalError(
                f"osc's configuration has no server {alias or url!r}", hint=f"aliases it knows: {self._names()}"
            )
        if urlsplit(url).scheme == "https" and not self._hosts()[url].sslcertck:
            raise RefusalError(
                f"osc checks no certificate of {url} (sslcertck = 0), and specgen sends nothing without",
                hint="remove sslcertck from osc's configuration, and name a certificate of your own with cafile",
            )
        user = str(self._hosts()[url].username or "")
        if not user:
            raise RefusalError(f"osc's configuration has no user for {url}", hint=f"add `user` to its section [{url}]")
        return Connection(self._osc, url, user, self.patience, self._names())

    def _names(self) -> str:
        return ", ".join(sorted(name for name in self.aliases if "://" not in name)) or "none"

    def _load_cookies(self) -> None:
        # osc locks the cookie file while it reads it for the first time, and after a connection that fails it keeps
        # the lock, on which every other osc on the machine then waits; a jar that is there already is not locked.
        path = Path(self._osc.conf.config["cookiejar"]).expanduser()
        jar = http.cookiejar.LWPCookieJar(str(path))
        with contextlib.suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            jar.load()
        jars = self._osc.connection.CookieJarAuthHandler.COOKIEJARS
        jars.clear()
        jars[str(path)] = jar

    def _hosts(self) -> Mapping[str, Any]:
        hosts: Mapping[str, Any] = self._osc.conf.config["api_host_options"]
        return hosts


class Connection:
    """One server, one user. `aliases` are the names that osc has for servers, for messages."""

    def __init__(self, osc: ModuleType, url: str, user: str, patience: Patience, aliases: str = "") -> None:
        self._osc = osc
        self.url = url.rstrip("/")
        self.user = user
        self.patience = patience
        self.aliases = aliases

    @property
    def host(self) -> str:
        """The server's name, for people."""
        return urlsplit(self.url).netloc

    def get(self, *parts: str, query: Mapping[str, str] | None = None) -> bytes:
        """Read something, asking again after transient failures."""
        return self.patiently(lambda: self.send("GET", parts, query))

    def get_xml(self, *parts: str, query: Mapping[str, str] | None = None) -> etree._Element:
        """Read a document, asking again after transient failures and documents that are cut off."""
        return self.patiently(lambda: self.document(self.send("GET", parts, query)))

    def put(self, *parts: str, body: bytes, query: Mapping[str, str] | None = None) -> bytes:
        """Write something that may be written twice without harm, trying again after transient failures."""
        return self.patiently(lambda: self.send("PUT", parts, query, body))

    def patiently(self, action: Callable[[], T]) -> T:
        """Do something that may be done twice without harm; after a transient failure, do it again, a few times.

        Raises:
            ServerError: it failed for good.
        """
        for wait in (*self.patience.waits(), None):
            try:
                return action()
            except (AnswerError, UnreachableError) as error:
                if wait is None or not error.transient:
                    raise
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def document(self, body: bytes) -> etree._Element:
        """The root of a document that the server sent.

        Raises:
            UnreachableError: it is cut off or is no XML.
        """
        try:
            return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError as error:
            raise UnreachableError(f"{self.host} sent an answer that is not XML: {error.msg}") from None

    def send(
        self, method: str, parts: Sequence[str], query: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> bytes:
        """Send one request, once, and read its whole answer.

        Raises:
            AnswerError: the server refuses.
            UnreachableError: it is not known what the server did.
            RefusalError: its certificate is not trusted, or it does not speak TLS.
        """
        path = "/".join(quote(part, safe=":+") for part in parts)
        url = f"{self.url}/{path}" + (f"?{urlencode(query)}" if query else "")
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(self.patience.timeout)
        try:
            response = self._osc.connection.http_request(method, url, data=body)
            with contextlib.closing(response):
                return bytes(response.read())
        except SpecgenError:
            raise
        except Exception as error:
            raise self._explain(error, method, parts) from error
        finally:
            socket.setdefaulttimeout(before)

    def _explain(self, error: Exception, method: str, parts: Sequence[str]) -> Exception:
        import ssl
        import urllib.error

        import urllib3.exceptions

        what = f"{method} /{'/'.join(parts)}"
        if isinstance(error, urllib.error.HTTPError):
            return self._explain_status(error, what)
        reason = error.args[0] if isinstance(error, urllib3.exceptions.SSLError) and error.args else error
        if isinstance(reason, ssl.SSLCertVerificationError):
            why = getattr(reason, "verify_message", "") or _first_line(reason)
            return RefusalError(
                f"the certificate of {self.host} is not trusted: {why}",
                hint="nothing goes there; where you know that it is right, name it with cafile in osc's configuration",
            )
        if isinstance(reason, ssl.SSLError) and not isinstance(reason, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return RefusalError(
                f"there is no secure connection to {self.host}: {_first_line(reason)}",
                hint="is its address in osc's configuration right, with https and the port?",
            )
        if isinstance(error, urllib3.exceptions.HTTPError | http.client.HTTPException | OSError):
            never = isinstance(getattr(error, "reason", None), urllib3.exceptions.NewConnectionError)
            return UnreachableError(
                f"{self.host} does not answer ({what}): {_why(error)}",
                hint="check the connection, then run the same command again",
                sent=not never,
            )
        if isinstance(error, self._osc.oscerr.OscBaseError):
            return RefusalError(f"osc refuses to reach {self.host}: {_first_line(error)}")
        return error

    def _explain_status(self, error: Any, what: str) -> AnswerError | UnreachableError:
        import urllib3.exceptions

        try:
            body = error.read()
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as broken:
            return UnreachableError(
                f"the answer of {self.host} to {what} was cut off ({error.code}): {_first_line(broken)}",
                hint="check the connection, then run the same command again",
            )
        finally:
            error.close()
        found = re.search(rb"<summary>(.*?)</summary>", body, re.DOTALL)
        summary = found[1].decode("utf-8", "replace").strip() if found else str(error.reason or "")
        code = str(error.headers.get("X-Opensuse-Errorcode", "")) if error.headers else ""
        if error.code == 401:
            message = f"{self.host} does not accept the password (or key) of {self.user}"
            return AnswerError(401, code, summary, message, "correct it with `osc config` or in osc's configuration")
        if error.code == 403:
            return AnswerError(403, code, summary, f"{self.user} may not do this on {self.host} ({what}): {summary}")
        return AnswerError(error.code, code, summary, f"{self.host} answered {error.code} to {what}: {summary}")


def _distrust(store: Any) -> None:
    """What takes the place of osc's question whether to trust a certificate that is self-signed.

    Raises:
        SSLCertVerificationError: always.
    """
    import ssl

    other = f", and not the one that osc was told to trust ({store.pem_path})" if store.cert is not None else ""
    raise ssl.SSLCertVerificationError(1, f"it is self-signed{other}")


def _why(error: BaseException) -> str:
    """What is at the bottom of a connection that failed, in the system's own words where it has some."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, OSError) and at.strerror and not isinstance(at, TimeoutError):
            return str(at.strerror)
        deeper = getattr(at, "reason", None) or at.__cause__ or at.__context__
        at = deeper if isinstance(deeper, BaseException) else None
    inner = getattr(error, "reason", None)
    text = _first_line(inner if isinstance(inner, BaseException) else error)
    return re.sub(r"^HTTPS?Connection(Pool)?\(.*?\): ", "", text)


def _first_line(error: BaseException) -> str:
    """The first line of an error's text, without anything that looks like a password in an address."""
    text = str(error).strip().partition("\n")[0] or type(error).__name__
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)
