"""Certificates are checked: nothing goes to a server whose certificate is not trusted, and nobody is asked whether."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from generator.cli.application import main
from generator.errors import RefusalError
from generator.obs.client import Configuration, Patience
from generator.obs.records import Place
from generator.obs.server import Server
from tests.conftest import PrivateObs
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, entry, local, spec
from tests.submit.proxy import Proxy

PACKAGE = local({"hello.spec": spec("1", "# ours"), "hello.changes": entry(1, "Change") + OLD}, ("hello-1.tar",))


def certificate(folder: Path, name: str = "127.0.0.1", days: int = 2) -> tuple[Path, ssl.SSLContext]:
    """A new self-signed certificate for a loopback address, and the server's side of it."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=5))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = folder / "key.pem"
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, secret)
    return path, context


Front = Callable[..., tuple[Proxy, Path]]


@pytest.fixture
def front(obs: PrivateObs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """Put TLS before the private server; gives the way in and an oscrc with these lines more in its section."""
    monkeypatch.setattr("osc.util.xdg.XDG_CONFIG_HOME", str(tmp_path / "config"))
    opened = []

    def make(context: ssl.SSLContext, *lines: str) -> tuple[Proxy, Path]:
        proxy = Proxy(obs.url, tls=context)
        opened.append(proxy)
        url = f"https://127.0.0.1:{proxy.port}"
        section = obs.server.section(obs.server.gateway.accounts["packager"], "secure", url)
        path = tmp_path / f"oscrc-{proxy.port}"
        path.write_text(
            "\n".join(["[general]", f"apiurl = {url}", f"cookiejar = {tmp_path}/jar", "", *section[:-1], *lines])
        )
        path.chmod(0o600)
        return proxy, path

    yield make
    for proxy in opened:
        proxy.close()


def nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: object) -> str:
        pytest.fail("a question was asked")

    monkeypatch.setattr("builtins.input", ask)


def connect(path: Path) -> Server:
    return Server(Configuration(path, Patience(timeout=5, retries=1, pause=0.01)).connect())


def test_a_certificate_that_is_not_trusted_is_refused_and_nothing_is_sent(
    front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody_to_ask(monkeypatch)
    _, context = certificate(tmp_path)
    proxy, oscrc = front(context)
    with pytest.raises(
        RefusalError, match=r"the certificate of 127\.0\.0\.1:\d+ is not trusted: it is self-signed"
    ) as caught:
        connect(oscrc).exists("any")
    assert "cafile" in str(caught.value)
    assert proxy.seen == []
    assert capsys.readouterr() == ("", "")


def test_the_command_says_so_and_sends_nothing(
    front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody_to_ask(monkeypatch)
    _, context = certificate(tmp_path)
    proxy, oscrc = front(context)
    monkeypatch.setenv("OSC_CONFIG", str(oscrc))
    monkeypatch.setenv("SPECGEN_STATE", str(tmp_path / "state"))
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "hello.spec").write_text(spec())
    assert main(["submit", str(folder), "--to", "any", "--yes"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "the certificate of 127.0.0.1" in err
    assert proxy.seen == []


@pytest.mark.parametrize(
    ("name", "days", "why"), [("127.0.0.2", 2, "IP address mismatch"), ("127.0.0.1", -1, "certificate has expired")]
)
def test_a_certificate_for_another_host_or_day_is_refused(
    front: Front, tmp_path: Path, name: str, days: int, why: str
) -> None:
    path, context = certificate(tmp_path, name, days)
    proxy, oscrc = front(context, f"cafile = {path}")
    with pytest.raises(RefusalError, match=f"is not trusted: {why}"):
        connect(oscrc).exists("any")
    assert proxy.seen == []


def test_the_whole_flow_through_a_certificate_that_cafile_names(
    front: Front, tmp_path: Path, make_bench: Callable[[], Bench]
) -> None:
    path, context = certificate(tmp_path)
    proxy, oscrc = front(context, f"cafile = {path}")
    bench = make_bench()
    bench.server = connect(oscrc)
    done = bench.submit(PACKAGE)
    assert {line.split()[0] for line in proxy.seen} == {"GET", "PUT", "POST"}
    bench.accept(done.request)
    assert bench.files()["hello.spec"] == spec("1", "# ours").encode()
    assert "holds exactly these files" in bench.prepare(PACKAGE).plan.reason


def test_a_certificate_that_osc_was_told_to_trust_is_trusted(front: Front, tmp_path: Path) -> None:
    path, context = certificate(tmp_path)
    proxy, oscrc = front(context)
    store = tmp_path / "config" / "osc" / "trusted-certs"
    store.mkdir(parents=True)
    kept = store / f"127.0.0.1_{proxy.port}.pem"
    kept.write_bytes(path.read_bytes())
    assert not connect(oscrc).exists("any")
    assert proxy.seen
    other, _ = certificate(tmp_path / "other")
    kept.write_bytes(other.read_bytes())
    with pytest.raises(RefusalError, match="it is self-signed, and not the one that osc was told to trust"):
        connect(oscrc).exists("any")


def test_checks_that_osc_switches_off_are_refused(front: Front, tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    proxy, oscrc = front(context, "sslcertck = 0")
    with pytest.raises(RefusalError, match=r"checks no certificate of https://127\.0\.0\.1:\d+ \(sslcertck = 0\)"):
        connect(oscrc).listing(Place("any", "thing"))
    assert proxy.seen == []


def test_a_server_without_tls_is_told(obs: PrivateObs, front: Front, tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    proxy, oscrc = front(context)
    plain = oscrc.read_text().replace(f"127.0.0.1:{proxy.port}", obs.url.removeprefix("http://"))
    oscrc.write_text(plain)
    with pytest.raises(RefusalError, match=r"there is no secure connection to 127\.0\.0\.1:\d+: .*WRONG_VERSION"):
        connect(oscrc).exists("any")
