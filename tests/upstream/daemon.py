"""Run inside mount and process namespaces of its own: a dockerd, some builds, and what they saw, as JSON.

Usage: daemon.py CONFIGURATION, a JSON file with `dockerd`, `root` (containerd, runc, docker), `buildx`, `work`,
`toggle` and `arguments` for the daemon. Everything that is started or mounted ends with the namespaces.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

MARKER = "specgen-marker-1233819"
USER, USER_ID = "specgen-test", 54321
SHOW = (
    "for f in $(find /run/secrets 2>/dev/null | sort); do stat -c '%A %u:%g %n' $f; done; "
    "cat /run/secrets/credentials.d/SCCcredentials /run/secrets/SUSEConnect 2>&1 | tr a-z A-Z; echo end"
)
CASES = {
    "plain": f"RUN {SHOW}",
    "read-only": "RUN exec 2>&1; for f in credentials.d/new SUSEConnect; do echo x > /run/secrets/$f; echo $?; done",
    "own secret": f"RUN --mount=type=secret,id=mine,target=/run/secrets/SUSEConnect {SHOW}",
    "own tmpfs": "RUN --mount=type=tmpfs,target=/run/secrets ls -A /run/secrets; echo end",
    "other user": "USER 1000:1000\nRUN exec 2>&1; cat /run/secrets/credentials.d/SCCcredentials; id -u; true",
}


def main(configuration: dict[str, Any]) -> dict[str, Any]:
    """Set up, build, look for the marker."""
    work = Path(configuration["work"])
    prepare(work, configuration)
    environment = settings(configuration, work)
    data, socket = work / "data", work / "docker.sock"
    command = [str(work / "dockerd"), f"--data-root={data}", f"--exec-root={work / 'exec'}"]
    command += ["-H", f"unix://{socket}", "--iptables=false", "--ip6tables=false", f"--pidfile={work / 'pid'}"]
    command += ["--storage-driver=overlay2", f"--cgroup-parent=/{work.parent.name}", *configuration["arguments"]]
    if "--rootless" in command:
        command = rootless(command, work)
    with (work / "log").open("wb") as log:
        daemon = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        wait(socket, daemon, work)
        seen: dict[str, Any] = {name: build(name, text, work, environment) for name, text in CASES.items()}
        seen["legacy"] = build("legacy", CASES["plain"], work, environment | {"DOCKER_BUILDKIT": "0"})
        seen["frontend"] = frontend(work, environment)
        saved = subprocess.run(["docker", "save", "plain"], env=environment, capture_output=True)
        seen["marker in docker save"] = saved.stderr.decode() if saved.returncode else MARKER.encode() in saved.stdout
    finally:
        daemon.terminate()
        daemon.wait(60)
        remove_groups(work.parent.name)
    found = subprocess.run(["grep", "-rlF", MARKER, str(data)], capture_output=True, text=True).stdout.split()
    seen["marker in data root"] = found
    seen["left mounts"] = [line for line in Path("/proc/self/mounts").read_text().splitlines() if "suse-secret" in line]
    seen["log"] = [line for line in (work / "log").read_text().splitlines() if "SUSE secrets" in line]
    return seen


def prepare(work: Path, configuration: dict[str, Any]) -> None:
    """A host that is registered: an /etc of our own over the machine's, and programs that every user may reach."""
    for name in ("upper", "overlay", "config/cli-plugins", "context", "data", "root"):
        (work / name).mkdir(parents=True)
    (work / "dockerd").touch()
    for name in ("root", "dockerd"):
        subprocess.run(["mount", "--bind", configuration[name], work / name], check=True)
    options = f"lowerdir=/etc,upperdir={work / 'upper'},workdir={work / 'overlay'}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, "/etc"], check=True)
    credentials = Path("/etc/zypp/credentials.d")
    credentials.mkdir(parents=True)
    (credentials / "SCCcredentials").write_text(f"username={MARKER}\n")
    (credentials / "SCCcredentials").chmod(0o600)
    Path("/etc/SUSEConnect").write_text("url: https://scc.example.com\n")
    Path("/etc/docker").mkdir(exist_ok=True)
    Path("/etc/docker/suse-secrets-enable").write_text(f"{configuration['toggle']}\n")
    for name in ("subuid", "subgid"):
        Path(f"/etc/{name}").write_text("dockremap:100000:65536\n")


def rootless(command: list[str], work: Path) -> list[str]:
    """The daemon as a user without rights runs it, in a user namespace that RootlessKit makes, as dockerd-rootless.sh.

    The network behind it is that of this process, which is none: nothing here needs one.
    """
    with Path("/etc/passwd").open("a") as passwd:
        passwd.write(f"{USER}:x:{USER_ID}:{USER_ID}::{work}:/bin/sh\n")
    for name in ("subuid", "subgid"):
        Path(f"/etc/{name}").write_text(f"{USER}:200000:65536\n")
    for path in (work, work / "data", work / "run"):
        path.mkdir(exist_ok=True)
        os.chown(path, USER_ID, USER_ID)
    os.mknod(work / "tun", 0o600 | stat.S_IFCHR, Path("/dev/net/tun").stat().st_rdev)
    (work / "tun").chmod(0o666)  # as everywhere but on some small machines
    subprocess.run(["mount", "--bind", work / "tun", "/dev/net/tun"], check=True)
    user = ["setpriv", f"--reuid={USER_ID}", f"--regid={USER_ID}", "--clear-groups", "--inh-caps=-all"]
    kit = ["rootlesskit", f"--state-dir={work / 'kit'}", "--net=slirp4netns", "--copy-up=/etc", "--copy-up=/run"]
    variables = ["env", f"XDG_RUNTIME_DIR={work / 'run'}", f"USER={USER}"]
    own = ["sh", "-c", 'rm -f /run/docker /run/containerd /run/xtables.lock; exec "$@"', "sh"]  # links to root's
    return [*user, *variables, *kit, *own, *command]


def settings(configuration: dict[str, Any], work: Path) -> dict[str, str]:
    root = work / "root"
    (work / "config/cli-plugins/docker-buildx").symlink_to(configuration["buildx"])
    (work / "context/busybox").write_bytes((root / "bin/busybox").read_bytes())
    (work / "context/busybox").chmod(0o755)
    (work / "mine").write_text("my own\n")
    return {
        "PATH": f"{root}/usr/bin:{root}/usr/sbin:{os.environ['PATH']}",
        "LD_LIBRARY_PATH": f"{root}/usr/lib/x86_64-linux-gnu",
        "HOME": str(work),
        "DOCKER_CONFIG": str(work / "config"),
        "DOCKER_HOST": f"unix://{work / 'docker.sock'}",
        "DOCKER_BUILDKIT": "1",
    }


def wait(socket: Path, daemon: subprocess.Popen[bytes], work: Path) -> None:
    """Until the daemon answers."""
    import socket as sockets

    end = time.monotonic() + 60
    while time.monotonic() < end and daemon.poll() is None:
        with sockets.socket(sockets.AF_UNIX) as connection:
            try:
                connection.connect(str(socket))
            except OSError:
                time.sleep(0.1)
                continue
            return
    raise SystemExit(f"dockerd did not start: {(work / 'log').read_text()[-3000:]}")


def remove_groups(name: str) -> None:
    """Control groups are the one thing that outlives the namespaces; a daemon leaves those of its builds behind."""
    for group in control_groups(name):
        for folder, _, _ in os.walk(group, topdown=False):
            Path(folder).rmdir()


def control_groups(name: str) -> list[Path]:
    """The control groups of this name, in every hierarchy."""
    top = Path("/sys/fs/cgroup")
    return [*top.glob(name), *top.glob(f"*/{name}")]


def build(name: str, text: str, work: Path, environment: dict[str, str]) -> list[str]:
    """Build an image; what its last step printed, or the error's last line."""
    context = work / "context"
    busybox = 'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n'
    (context / "Dockerfile").write_text(f"{busybox}{text}\n")
    legacy = environment["DOCKER_BUILDKIT"] == "0"
    command = ["docker", "build"] if legacy else ["docker", "buildx", "build", "--progress=plain"]
    command += [] if legacy else ["--secret", f"id=mine,src={work / 'mine'}"]
    command += ["--no-cache", "--network=none", "-t", name.replace(" ", "-"), str(context)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    printed = (done.stderr + done.stdout).splitlines()
    if legacy:
        at = max((index for index, line in enumerate(printed) if "---> Running in" in line), default=len(printed))
        return [line for line in printed[at + 1 :] if not re.match(r" ?--->|Removing|Successfully", line)]
    last = next(
        (found[1] for line in printed if (found := re.match(r"#(\d+) \[(?:stage-\d+ )?(\d+)/\2\] RUN", line))), ""
    )
    return [found[1] for line in printed if (found := re.match(rf"#{last} [0-9.]+ (.*)", line))] or printed


def frontend(work: Path, environment: dict[str, str]) -> str:
    """A frontend container that ends with 7 where it sees no secrets, and with 8 where it does."""
    build("frontend", 'ENTRYPOINT ["/bin/sh", "-c", "test -e /run/secrets && exit 8; exit 7"]\n', work, environment)
    (work / "context/Dockerfile").write_text("# syntax=frontend\nFROM scratch\n")
    command = ["docker", "buildx", "build", "--no-cache", "--progress=plain", str(work / "context")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    text = done.stderr + done.stdout
    return next((f"exit code: {code}" for code in (7, 8) if f"exit code: {code}" in text), text[-1500:])


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
