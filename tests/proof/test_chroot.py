"""The chroot tells a right %pre from a wrong one, and those of the rendered packages are right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from generator.package.directory import write
from tests.proof.chroot import LATE_ACCOUNTS, SITUATIONS, Step, preinstall, problems
from tests.proof.macros import marker_macros
from tests.proof.packages import PACKAGES, rendered, script_form, targets

pytestmark = pytest.mark.root

ACCOUNTS = "g docker -\nu dockremap - 'for tests'\n"
SUBORDINATE = """\
for file in /etc/subuid /etc/subgid; do
  grep -qs '^dockremap:' $file && continue
  [ -z "$(tail -c1 $file 2>/dev/null)" ] || echo >>$file
  { echo 'dockremap:100000000:100000001' >>$file; } 2>/dev/null || :
done
"""

Check = Callable[[str, list[Step]], list[str]]


@pytest.fixture
def check(base_root: Path) -> Check:
    """Runs steps in a named situation, and gives what is wrong."""
    return lambda situation, steps: problems(base_root, SITUATIONS[situation], steps)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_right_scriptlet_passes(situation: str, check: Check) -> None:
    assert check(situation, [Step(sysusers=ACCOUNTS), Step(SUBORDINATE)]) == []


@pytest.mark.parametrize(
    ("situation", "script", "problem"),
    [
        ("first installation", "exit 3", "exit 3: "),
        ("first installation", "", "/etc/subuid has dockremap 0 times"),
        ("first installation", "echo dockremap:1:1 >>/etc/subuid", "/etc/subuid has ['dockremap:1:1'], not"),
        ("upgrade", "echo dockremap:1:1 >>/etc/subuid", "/etc/subuid has dockremap 2 times"),
        ("upgrade", "echo me:1:1 >>/etc/subuid", "/etc/subuid has changed"),
        ("first installation", "echo other:1:1 >>/etc/subuid", "the second run changes /etc/subuid"),
        ("others have subordinate ids", "echo >/etc/subuid", "/etc/subuid has lost 'me:100000:65536'"),
        ("first installation", "usermod -s /bin/bash dockremap", "dockremap can log in: /bin/bash"),
        ("first installation", "usermod -p secret dockremap", "dockremap has a password: secret"),
        ("first installation", "usermod -g 15 dockremap", "dockremap's group is 15, not "),
        ("first installation", "usermod -u 1000 dockremap", "dockremap is no system account: 1000"),
        ("first installation", "touch /etc/new", "/etc/new is left behind"),
        ("read-only /etc", "touch /etc/new", "exit 1: "),
        ("read-only /etc, upgrade", "echo >/etc/subuid", "exit 1: "),
        ("no files of subordinate ids", "grep dockremap /etc/subuid", "exit 2: "),
    ],
)
def test_a_wrong_scriptlet_is_seen(situation: str, script: str, problem: str, check: Check) -> None:
    found = check(situation, [Step(sysusers=ACCOUNTS), Step(script or ":")])
    assert any(line.startswith(problem) for line in found), found


@pytest.fixture(scope="session")
def scriptlets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """The text of each rendered %pre, and of the sysusers.d file that goes with it."""
    folder = tmp_path_factory.mktemp("scriptlets")
    package = script_form(folder)
    write(package.sources(), folder / "docker-script")
    found = {}
    for directory in (*(rendered(name, folder) for name in PACKAGES), folder / "docker-script"):
        text = preinstall(directory / f"{directory.name}.spec", marker_macros(targets()[0]), folder)
        accounts = directory / "docker.sysusers"
        found[directory.name] = (text, accounts.read_text() if accounts.exists() else "")
    return found


def test_both_forms_are_there(scriptlets: dict[str, tuple[str, str]]) -> None:
    assert {name: bool(accounts) for name, (_, accounts) in scriptlets.items()} == {
        "docker": True,
        "docker-stable": True,
        "docker-script": False,
    }


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("name", PACKAGES)
def test_accounts_from_sysusers(
    name: str, situation: str, scriptlets: dict[str, tuple[str, str]], check: Check
) -> None:
    text, accounts = scriptlets[name]
    assert check(situation, [Step(sysusers=accounts), Step(text)]) == []


@pytest.mark.parametrize("situation", LATE_ACCOUNTS)
def test_accounts_from_sysusers_after_the_rest(
    situation: str, scriptlets: dict[str, tuple[str, str]], check: Check
) -> None:
    """rpm puts the text of `%pre -f` behind that of the spec (seen in 4.18: the hollow build shows it)."""
    text, accounts = scriptlets["docker"]
    assert check(situation, [Step(text), Step(sysusers=accounts)]) == []


@pytest.mark.parametrize("situation", SITUATIONS)
def test_accounts_from_a_script(situation: str, scriptlets: dict[str, tuple[str, str]], check: Check) -> None:
    text, _ = scriptlets["docker-script"]
    assert check(situation, [Step(text)]) == []


def test_every_command_of_the_script_is_needed(scriptlets: dict[str, tuple[str, str]], check: Check) -> None:
    """Without any one line, the script is wrong in some situation."""
    lines = scriptlets["docker-script"][0].partition("if [")[0].splitlines(keepends=True)
    commands = [number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")]
    assert len(commands) > 8
    unseen = [
        lines[number]
        for number in commands
        if not any(check(situation, [Step("".join(lines[:number] + lines[number + 1 :]))]) for situation in SITUATIONS)
    ]
    assert unseen == []
