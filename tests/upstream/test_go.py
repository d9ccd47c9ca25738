"""Tier 2: what the patches add to docker.io and docker-buildx is vetted, and tested by Go.

All three to docker.io 26.1.5 and docker-buildx 0.13.1; the engine's to a release of each of its other generations, too.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.upstream import debian
from tests.upstream.gopath import TAGS, Workspace

pytestmark = pytest.mark.live

PACKAGES = {"docker": "./builder/builder-next", "cli": "./cmd/docker", "buildx": "./commands"}


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with debian.or_skip():
        workspace = Workspace(tmp_path_factory.mktemp("patched"))
    yield workspace
    workspace.remove()


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with debian.or_skip():
        workspace = Workspace(tmp_path_factory.mktemp("pristine"), patched=())
    yield workspace
    workspace.remove()


def results(workspace: Workspace, project: str) -> dict[str, str]:
    """The result of each of a package's own tests, without those within others."""
    once = "-count=1"  # run, and not told from what an earlier run left
    done = workspace.go(project, "test", once, "-vet=off", "-json", "-tags", TAGS, PACKAGES[project])
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    found = {
        event["Test"]: event["Action"]
        for event in events
        if "Test" in event and "/" not in event["Test"] and event["Action"] in ("pass", "fail", "skip")
    }
    assert found, done.stdout + done.stderr
    return found


@pytest.mark.parametrize("project", PACKAGES)
def test_the_patched_package_is_vetted(patched: Workspace, project: str) -> None:
    done = patched.go(project, "vet", "-tags", TAGS, PACKAGES[project])
    assert done.returncode == 0, done.stderr


OURS = {
    "docker": {
        "TestSUSESecretsToggle",
        "TestSUSESecretsAreOffInRootlessMode",
        "TestSUSESecretsRun",
        "TestCopySUSESecret",
        "TestSUSESecretOwner",
        "TestSUSESecretMount",
    },
    "cli": {"TestBuildKitChoice", "TestLegacyBuilderNotice"},
    "buildx": {"TestAddSUSESecrets", "TestWithSUSESecretsIsOffWithoutItsToggle"},
}
CHANGED = {"docker": set(), "cli": {"TestBuildWithBuilder", "TestBuilderBroken"}, "buildx": set()}


@pytest.mark.parametrize("project", PACKAGES)
def test_our_tests_pass_and_upstreams_change_as_expected(patched: Workspace, pristine: Workspace, project: str) -> None:
    after = results(patched, project)
    assert {name: after.get(name) for name in OURS[project]} == dict.fromkeys(OURS[project], "pass")
    before = results(pristine, project) if set(after) - OURS[project] else {}
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed == CHANGED[project]
    assert all(before[name] == "pass" for name in changed)


@pytest.mark.parametrize("generation", ["A", "C"])
def test_the_engine_patch_is_vetted_and_tested_in_other_generations(tmp_path: Path, generation: str) -> None:
    with debian.or_skip():
        workspace = Workspace(tmp_path, ("docker",), generation=generation)
    code = sorted(path.name for path in tmp_path.glob("src/github.com/docker/docker/builder/builder-next/*suse*"))
    assert code == ["executor_suse_secrets_linux.go", "executor_suse_secrets_linux_test.go"]
    done = workspace.go("docker", "vet", "-tags", TAGS, PACKAGES["docker"])
    assert done.returncode == 0, done.stderr
    assert results(workspace, "docker") == dict.fromkeys(OURS["docker"], "pass")
    workspace.remove()
