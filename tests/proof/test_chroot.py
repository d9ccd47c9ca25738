"""The chroot tells a right %pre from a wrong one, and those of the rendered packages are right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.proof.chroot import SITUATIONS, Step, make_base, problems

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


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root directory that all others are made from."""
    return make_base(tmp_path_factory.mktemp("roots"))


@pytest.fixture
def check(base: Path, tmp_path: Path) -> Check:
    """Runs steps in a named situation, and gives what is wrong."""
    # beside the base, since hard links do not cross file systems
    return lambda situation, steps: problems(base, base.parent / tmp_path.name, SITUATIONS[situation], steps)


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
