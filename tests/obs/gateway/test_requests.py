from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree

from generator.obs.private import PrivateServer
from tests.conftest import PrivateObs, require_obs


def submit(obs: PrivateObs, *pairs: tuple[str, str], login: str = "packager", options: str = "") -> str:
    """A request that submits every `PROJECT/PACKAGE` to the second one of its pair."""
    actions = ""
    for source, target in pairs:
        (sp, sk), (tp, tk) = source.split("/"), target.split("/")
        ends = f'<source project="{sp}" package="{sk}"/><target project="{tp}" package="{tk}"/>'
        actions += f'<action type="submit">{ends}{options}</action>'
    body = f"<request>{actions}<description>Why</description></request>"
    return etree.fromstring(obs.need("POST", "/request", body, login, cmd="create")).get("id")


def state(obs: PrivateObs, number: str) -> str:
    return etree.fromstring(obs.need("GET", f"/request/{number}")).find("state").get("name")


def change(obs: PrivateObs, number: str, to: str, login: str = "Admin", **query: str) -> int:
    return obs.ask("POST", f"/request/{number}", "because", login, cmd="changestate", newstate=to, **query)[0]


@pytest.fixture
def home(obs: PrivateObs) -> str:
    """A package of packager's, `home:packager:N/mine`."""
    project = obs.project(f"home:packager:{obs.project().partition(':')[2]}")
    obs.package(project, "mine", {"mine.spec": b"new\n"})
    return project


def test_accepting_brings_exactly_the_source(obs: PrivateObs, home: str) -> None:
    target = obs.project()
    obs.package(target, "mine", {"mine.spec": b"old\n", "gone": b"x"})
    number = submit(obs, (f"{home}/mine", f"{target}/mine"))
    diff = obs.need("POST", f"/request/{number}", login="packager", cmd="diff").decode()
    assert "-old" in diff
    assert "+new" in diff
    assert change(obs, number, "accepted", login="packager") == 403
    assert state(obs, number) == "new"
    assert change(obs, number, "accepted") == 200
    assert obs.files(target, "mine") == {"mine.spec": b"new\n"}
    assert change(obs, number, "declined") == 403
    after = obs.need("POST", f"/request/{number}", login="packager", cmd="diff").decode()
    assert "-old" in after


@pytest.mark.parametrize(
    ("path", "final"),
    [
        (["declined", "new", "accepted"], "accepted"),
        (["revoked", "new", "declined"], "declined"),
        (["declined", "revoked", "new", "superseded"], "superseded"),
    ],
)
def test_states_lead_to_others(obs: PrivateObs, home: str, path: list[str], final: str) -> None:
    target = obs.project()
    number = submit(obs, (f"{home}/mine", f"{target}/mine"))
    other = submit(obs, (f"{home}/mine", f"{target}/mine"))
    for step in path:
        extra = {"superseded_by": other} if step == "superseded" else {}
        assert change(obs, number, step, **extra) == 200
    assert state(obs, number) == final
    assert state(obs, other) == "new"
    told = etree.fromstring(obs.need("GET", f"/request/{number}", withfullhistory="1"))
    assert len(told.findall("history")) == len(path) + 1
    assert told.find("state").get("superseded_by") == (other if final == "superseded" else None)


def test_who_may_do_what(obs: PrivateObs, home: str) -> None:
    obs.server.gateway.accounts.add("bystander")
    target = obs.project()
    number = submit(obs, (f"{home}/mine", f"{target}/mine"))
    for wanted in ("accepted", "declined", "revoked", "superseded"):
        assert change(obs, number, wanted, login="bystander") == 403
    assert change(obs, number, "declined", login="packager") == 403
    assert change(obs, number, "revoked", login="packager") == 200
    assert change(obs, number, "accepted") == 403
    assert change(obs, "999999", "accepted") == 404


def test_what_cannot_be_asked_for(obs: PrivateObs, home: str) -> None:
    target = obs.project()

    def status(action: str) -> int:
        return obs.ask("POST", "/request", f"<request>{action}</request>", "packager", cmd="create")[0]

    source = f'<source project="{home}" package="mine"/>'
    assert status("") == 400
    assert status(f'<action type="submit">{source}<target project="no:where"/></action>') == 404
    assert (
        status(f'<action type="submit"><source project="{home}" package="no"/><target project="{target}"/></action>')
        == 404
    )
    revision = f'<source project="{home}" package="mine" rev="77"/>'
    assert status(f'<action type="submit">{revision}<target project="{target}"/></action>') == 404
    assert status(f'<action type="add_role"><target project="{target}"/></action>') == 400
    assert obs.ask("POST", "/request", "<request", "packager", cmd="create")[0] == 400


def test_accepting_is_all_or_nothing(obs: PrivateObs, home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = obs.project()
    obs.package(target, "first", {"f": b"before\n"})
    obs.package(home, "other", {"o": b"other\n"})
    number = submit(
        obs,
        (f"{home}/mine", f"{target}/first"),
        (f"{home}/mine", f"{target}/fresh"),
        (f"{home}/other", f"{target}/last"),
    )
    # the last action fails in the real backend: its target name is one that the backend refuses
    request = obs.folder / "data" / "gateway" / "requests" / f"{number}.xml"
    request.write_text(request.read_text().replace('package="last"', 'package="last:x:y"'))
    assert change(obs, number, "accepted") // 100 == 4
    assert state(obs, number) == "new"
    assert obs.files(target, "first") == {"f": b"before\n"}
    assert obs.ask("GET", f"/source/{target}/fresh/_meta")[0] == 404
    assert not list((obs.folder / "data" / "gateway" / "accepting").iterdir())
    request.write_text(request.read_text().replace('package="last:x:y"', 'package="last"'))
    assert change(obs, number, "accepted") == 200
    assert obs.files(target, "first") == obs.files(target, "fresh") == {"mine.spec": b"new\n"}
    assert obs.files(target, "last") == {"o": b"other\n"}


def test_the_source_is_cleaned_up_where_asked(obs: PrivateObs, home: str) -> None:
    target = obs.project()
    options = "<options><sourceupdate>cleanup</sourceupdate></options>"
    number = submit(obs, (f"{home}/mine", f"{target}/mine"), options=options)
    assert change(obs, number, "accepted") == 200
    assert obs.ask("GET", f"/source/{home}/mine/_meta")[0] == 404


def test_a_deletion(obs: PrivateObs) -> None:
    target = obs.project()
    obs.package(target, "old", {"a": b"a"})
    body = f'<request><action type="delete"><target project="{target}" package="old"/></action></request>'
    number = etree.fromstring(obs.need("POST", "/request", body, "packager", cmd="create")).get("id")
    assert change(obs, number, "accepted") == 200
    assert obs.ask("GET", f"/source/{target}/old/_meta")[0] == 404


def test_everything_survives_a_restart_even_in_the_middle_of_accepting(tmp_path: Path) -> None:
    require_obs()
    first = PrivateObs(tmp_path)
    try:
        target, home = first.project(), first.project("home:packager:x")
        first.package(target, "mine", {"mine.spec": b"old\n"})
        first.package(home, "mine", {"mine.spec": b"new\n"})
        waiting, halfway = (submit(first, (f"{home}/mine", f"{target}/{name}")) for name in ("mine", "half"))
        first.need("POST", f"/comments/request/{waiting}", "well done", "packager")
        attribute = '<attributes><attribute namespace="OBS" name="Maintained"/></attributes>'
        first.need("POST", f"/source/{target}/_attribute", attribute)
    finally:
        first.stop()
    # what a gateway leaves that is killed after it has begun to accept
    held = [{"project": target, "package": "half", "exists": "", "rev": ""}]
    (tmp_path / "data" / "gateway" / "accepting" / f"{halfway}.json").write_text(json.dumps(held))
    second = PrivateObs(tmp_path)
    try:
        assert state(second, waiting) == "new"
        assert state(second, halfway) == "accepted"
        assert second.files(target, "half") == {"mine.spec": b"new\n"}
        assert b"well done" in second.need("GET", f"/comments/request/{waiting}")
        assert b"Maintained" in second.need("GET", f"/source/{target}/_attribute")
        assert submit(second, (f"{home}/mine", f"{target}/mine")) == str(int(halfway) + 1)
        assert change(second, waiting, "accepted") == 200
    finally:
        second.stop()


def test_a_temporary_server_leaves_nothing() -> None:
    require_obs()
    with PrivateServer() as server:
        folder = server.data
        assert folder.exists()
    assert not folder.exists()
