"""Tier 3: real builds by a real dockerd, built without and with the engine's patch, and what their steps see.

The pristine engine of Debian has no SUSE secrets at all. For the legacy builder's side both get a small injection where
a container starts, written for this test; it stands for the distribution's own patches.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.upstream.anchor import AnchoredEdit
from tests.upstream import daemon, debian
from tests.upstream.gopath import TAGS, Workspace

pytestmark = [pytest.mark.live, pytest.mark.root]

START = "daemon/start.go"
LEGACY = (
    AnchoredEdit(
        START,
        "	spec, err := daemon.createSpec(ctx, daemonCfg, container, mnts)\n",
        "	spec, err := daemon.createSpec(ctx, daemonCfg, container, mnts)\n	addTestSecrets(spec)\n",
    ),
    AnchoredEdit(
        START,
        '	"github.com/pkg/errors"\n)\n',
        '	specs "github.com/opencontainers/runtime-spec/specs-go"\n	"github.com/pkg/errors"\n)\n\n'
        "func addTestSecrets(spec *specs.Spec) {\n	if spec == nil {\n		return\n	}\n"
        "	for source, target := range map[string]string{\n"
        '		"/etc/zypp/credentials.d": "/run/secrets/credentials.d",\n'
        '		"/etc/SUSEConnect":        "/run/secrets/SUSEConnect",\n	} {\n'
        "		spec.Mounts = append(spec.Mounts, specs.Mount{\n"
        '			Destination: target, Type: "bind", Source: source, Options: []string{"rbind", "ro"},\n'
        "		})\n	}\n}\n",
    ),
)

SECRETS = [
    "drwxr-xr-x 0:0 /run/secrets",
    "-rw-r--r-- 0:0 /run/secrets/SUSEConnect",
    "drwxr-xr-x 0:0 /run/secrets/credentials.d",
    "-rw------- 0:0 /run/secrets/credentials.d/SCCcredentials",
]
SHOWN = [*SECRETS, f"USERNAME={daemon.MARKER.upper()}", "URL: HTTPS://SCC.EXAMPLE.COM", "end"]
NOTHING = [
    "CAT: CAN'T OPEN '/RUN/SECRETS/CREDENTIALS.D/SCCCREDENTIALS': NO SUCH FILE OR DIRECTORY",
    "CAT: CAN'T OPEN '/RUN/SECRETS/SUSECONNECT': NO SUCH FILE OR DIRECTORY",
    "end",
]
NEW, CONNECT = "/run/secrets/credentials.d/new", "/run/secrets/SUSEConnect"
OWN = "-r-------- 0:0 /run/secrets/SUSEConnect"
CREDENTIALS = "cat: can't open '/run/secrets/credentials.d/SCCcredentials'"

WITH = {
    "plain": SHOWN,
    "read-only": [
        f"/bin/sh: can't create {NEW}: Read-only file system",
        "1",
        f"/bin/sh: can't create {CONNECT}: Read-only file system",
        "1",
    ],
    "own secret": [SECRETS[0], OWN, *SECRETS[2:], SHOWN[4], "MY OWN", "end"],
    "own tmpfs": ["end"],
    "other user": [f"{CREDENTIALS}: Permission denied", "1000"],
    "frontend": "exit code: 7",
}
WITHOUT = {
    "plain": NOTHING,
    "read-only": [
        f"/bin/sh: can't create {NEW}: nonexistent directory",
        "1",
        f"/bin/sh: can't create {CONNECT}: nonexistent directory",
        "1",
    ],
    "own secret": [SECRETS[0], OWN, NOTHING[0], "MY OWN", "end"],
    "own tmpfs": ["end"],
    "other user": [f"{CREDENTIALS}: No such file or directory", "1000"],
    "frontend": "exit code: 7",
}
RUNS = {
    "without the patch": ("pristine", "1", (), WITHOUT),
    "with the patch": ("patched", "1", (), WITH),
    "with the patch, switched off": ("patched", "0", (), WITHOUT),
    "with the patch, in user namespaces": ("patched", "1", ("--userns-remap=default",), WITH),
    "with the patch, rootless": ("patched", "1", ("--rootless",), WITHOUT),
}


@pytest.fixture(scope="module")
def daemons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A dockerd without the patch, and one with it."""
    found = {}
    for name, patched in (("pristine", ()), ("patched", ("docker",))):
        folder = tmp_path_factory.mktemp(name)
        with debian.or_skip():
            workspace = Workspace(folder / "go", patched, LEGACY)
        version = "-X github.com/docker/docker/dockerversion.Version=26.1.5"
        found[name] = folder / "dockerd"
        done = workspace.go(
            "docker", "build", "-tags", TAGS, "-ldflags", version, "-o", str(found[name]), "./cmd/dockerd"
        )
        assert done.returncode == 0, done.stderr
        workspace.remove()
    return found


@pytest.fixture(scope="module")
def runtime() -> tuple[Path, Path]:
    """The root of the programs that a daemon and its user need, and an unmodified buildx."""
    with debian.or_skip():
        names = ("containerd", "runc", "libseccomp2", "docker.io", "busybox-static")
        rootless = ("rootlesskit", "uidmap", "slirp4netns", "libslirp0")
        buildx = debian.unpacked("trixie", "docker-buildx") / "usr/libexec/docker/cli-plugins/docker-buildx"
        return debian.unpacked("bookworm", *names, *rootless, name="docker"), buildx


@pytest.fixture
def folder() -> Iterator[Path]:
    """A daemon's own; its processes, mounts and control groups are known by this name."""
    # Not below pytest's own folder: with user namespaces every folder above must be open to others.
    made = Path(tempfile.mkdtemp(prefix="specgen-dockerd-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def seen(daemons: dict[str, Path], runtime: tuple[Path, Path], folder: Path) -> Callable[..., dict[str, Any]]:
    """What the builds of one daemon saw."""

    def run(name: str, toggle: str, arguments: tuple[str, ...]) -> dict[str, Any]:
        configuration = {
            "dockerd": str(daemons[name]),
            "root": str(runtime[0]),
            "buildx": str(runtime[1]),
            "work": str(folder / "work"),
            "toggle": toggle,
            "arguments": arguments,
        }
        (folder / "configuration").write_text(json.dumps(configuration))
        alone = ["unshare", "--mount", "--pid", "--ipc", "--net", "--fork", "--kill-child", "--mount-proc"]
        program = [sys.executable, daemon.__file__, str(folder / "configuration")]
        done = subprocess.run(
            [*alone, "--propagation", "private", *program], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    return run


@pytest.mark.parametrize("name", RUNS)
def test_what_builds_see(seen: Callable[..., dict[str, Any]], folder: Path, name: str) -> None:
    kind, toggle, arguments, expected = RUNS[name]
    found = seen(kind, toggle, arguments)
    print(f"\n{name}")
    for case, wanted in expected.items():
        print(f"  {'as expected' if found[case] == wanted else 'DIFFERENT'}: {case}")
        for line in found[case] if isinstance(found[case], list) else [found[case]]:
            print(f"    {line}")
    assert {case: found[case] for case in expected} == expected
    if not arguments:  # the injection for the legacy builder knows nothing of user namespaces
        assert found["legacy"] == SHOWN
    if expected is WITH and not arguments:
        assert found["plain"] == found["legacy"], "BuildKit and the legacy builder show the same tree and modes"
    assert found["marker in docker save"] is False
    assert found["marker in data root"] == []
    assert found["left mounts"] == []
    assert not any(folder.name in line for line in Path("/proc/self/mounts").read_text().splitlines())
    assert not [path for path in Path("/proc").glob("[0-9]*") if _is_of(folder, path)]
    assert daemon.control_groups(folder.name) == []


def _is_of(folder: Path, process: Path) -> bool:
    try:
        return folder.name in (process / "cmdline").read_text()
    except OSError:
        return False
