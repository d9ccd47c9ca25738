from __future__ import annotations

import socket
from pathlib import Path

import pytest

from generator.errors import RefusalError
from generator.obs import client
from generator.obs.answers import AnswerError, UnreachableError
from generator.obs.client import Configuration, Patience
from generator.obs.records import Place
from generator.obs.server import Server
from tests.conftest import PrivateObs

QUICK = Patience(timeout=5, retries=1, pause=0.01)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_osc_that_is_not_configured_is_told(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match=r"osc is not configured: there is no .*oscrc"):
        Configuration(tmp_path / "oscrc")


def test_a_configuration_that_changed_is_read_again(tmp_path: Path) -> None:
    for number in (1, 2):
        url = f"http://127.0.0.1:{number}"
        text = f"[general]\napiurl = {url}\n[{url}]\nuser = me\npass = x\nallow_http = 1\n"
        assert Configuration(write(tmp_path / "oscrc", text)).servers[""] == url


def test_a_configuration_without_a_general_section_is_told(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="osc's configuration is not usable"):
        Configuration(write(tmp_path / "oscrc", "[https://obs.example.org]\nuser = me\n"))


def test_an_osc_that_is_missing_or_untested_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import osc

    monkeypatch.setattr(osc, "__version__", "0.181.0")
    with pytest.raises(RefusalError, match=r"osc 0\.181\.0 is not a version"):
        client.load_osc()
    monkeypatch.setitem(__import__("sys").modules, "osc.oscerr", None)
    with pytest.raises(RefusalError, match="osc is not installed"):
        client.load_osc()


def test_aliases_and_unknown_servers(obs: PrivateObs) -> None:
    configuration = Configuration(obs.oscrc)
    assert configuration.connect("private").url == configuration.connect().url == obs.url
    with pytest.raises(RefusalError, match=r"no server 'elsewhere' \(aliases it knows: .*private"):
        configuration.connect("elsewhere")


def test_a_wrong_password_is_told_and_never_printed(obs: PrivateObs, tmp_path: Path) -> None:
    section = f"[{obs.url}]\nuser = packager\npass = wr0ng-secret\nallow_http = 1\n"
    text = f"[general]\napiurl = {obs.url}\ncookiejar = {tmp_path}/jar\n{section}"
    server = Server(Configuration(write(tmp_path / "oscrc", text), QUICK).connect())
    with pytest.raises(AnswerError, match="does not accept the password") as caught:
        server.listing(Place("any", "thing"))
    assert "wr0ng-secret" not in f"{caught.value} {caught.value.__cause__!r}"


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{one.getsockname()[1]}"
    text = f"[general]\napiurl = {url}\ncookiejar = {tmp_path}/jar\n[{url}]\nuser = me\npass = x\nallow_http = 1\n"
    server = Server(Configuration(write(tmp_path / "oscrc", text), QUICK).connect())
    with pytest.raises(UnreachableError, match="does not answer"):
        server.exists("any")


def test_no_right_to_write_is_told(obs: PrivateObs) -> None:
    project = obs.project()
    obs.package(project, "hello", {"hello.spec": b"Name: hello\n"})
    server = Server(Configuration(obs.oscrc, QUICK).connect())
    with pytest.raises(AnswerError, match=r"packager may not do this on .* no permission to modify"):
        server.upload(Place(project, "hello"), "hello.spec", b"x")


def test_osc_does_not_repeat_by_itself(obs: PrivateObs) -> None:
    Configuration(obs.oscrc)
    import osc.conf

    assert int(osc.conf.config["http_retries"]) == 0


def test_a_configuration_that_is_none_is_told_without_its_lines(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match=r"osc's configuration is not usable: .*no section headers") as caught:
        Configuration(write(tmp_path / "oscrc", "pass = s3cret\n"))
    assert "s3cret" not in str(caught.value)
    text = "[general]\napiurl = http://127.0.0.1:1\n[http://127.0.0.1:1]\npass = s3cret\n  = broken\n"
    with pytest.raises(RefusalError, match="osc's configuration is not usable") as caught:
        Configuration(write(tmp_path / "other", text))
    assert "s3cret" not in str(caught.value)
    with pytest.raises(RefusalError, match="osc's configuration is not usable: "):
        Configuration(tmp_path)


def test_a_password_that_is_missing_is_told(tmp_path: Path) -> None:
    url = "http://127.0.0.1:1"
    text = f"[general]\napiurl = {url}\ncookiejar = {tmp_path}/jar\n[{url}]\nuser = me\nallow_http = 1\n"
    text += "credentials_mgr_class = osc.credentials.PlaintextConfigFileCredentialsManager\n"
    with pytest.raises(RefusalError, match=r"is not usable: .*oscrc: .*[Pp]ass"):
        Server(Configuration(write(tmp_path / "oscrc", text), QUICK).connect()).exists("any")


def test_why_a_server_does_not_answer_is_said_in_few_words(tmp_path: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{one.getsockname()[1]}"
    text = f"[general]\napiurl = {url}\ncookiejar = {tmp_path}/jar\n[{url}]\nuser = me\npass = x\nallow_http = 1\n"
    with pytest.raises(UnreachableError, match=r"does not answer \(GET /source/any/_meta\): Connection refused \("):
        Server(Configuration(write(tmp_path / "oscrc", text), QUICK).connect()).exists("any")
    url = "http://nowhere.invalid"
    text = f"[general]\napiurl = {url}\ncookiejar = {tmp_path}/jar\n[{url}]\nuser = me\npass = x\nallow_http = 1\n"
    with pytest.raises(
        UnreachableError, match=r"nowhere\.invalid does not answer .*: .*(resolve|resolution|not known)"
    ):
        Server(Configuration(write(tmp_path / "other", text), QUICK).connect()).exists("any")
