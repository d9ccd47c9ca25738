"""Installation scriptlets, run for real in a tiny root directory. Needs root.

A root is made of busybox and the host's own bash, groupadd, useradd, usermod and getent (8 MB, hard-linked for each
use). `problems` runs the steps of an installation in one and says what is not right afterwards: what a person would
check on a machine after installing docker.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("bash", "groupadd", "useradd", "usermod", "getent")
ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/var/lib/nobody:/bin/false\n",
    "group": "root:x:0:\nshadow:x:15:\nnobody:x:65533:\nnogroup:x:65534:\n",
    "shadow": "root:!:19000::::::\nnobody:!:19000::::::\n",
    "gshadow": "root:!::\nshadow:!::\nnobody:!::\nnogroup:!::\n",
    "subuid": "",
    "subgid": "",
    "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\ngshadow: files\n",
}
RANGE = "dockremap:100000000:100000001"
#: Scriptlet macros as a distribution may expand them: they do something and never fail.
MACROS = """\
%service_add_pre() \\
if [ "$1" -gt 1 ]; then \\
  for unit in %*; do \\
    mkdir -p /run/rpm-units && touch "/run/rpm-units/${unit}" || : \\
  done \\
fi \\
%{nil}
"""


@dataclass(frozen=True)
class Situation:
    """What a machine is like before the package comes.

    `etc` replaces files of /etc (None: no such file), `added` appends lines; `read_only` mounts /etc so;
    `installed` says that the package was installed there before; `lacks` are programs that are not there.
    """

    etc: dict[str, str | None] = field(default_factory=dict)
    added: dict[str, str] = field(default_factory=dict)
    read_only: bool = False
    installed: bool = False
    lacks: tuple[str, ...] = ()


SITUATIONS = {
    "first installation": Situation(),
    "upgrade": Situation(installed=True),
    "group docker exists": Situation(added={"group": "docker:x:900:me\n", "gshadow": "docker:!::me\n"}),
    "group dockremap exists": Situation(added={"group": "dockremap:x:777:\n", "gshadow": "dockremap:!::\n"}),
    "user dockremap exists": Situation(
        added={
            "group": "dockremap:x:777:\n",
            "gshadow": "dockremap:!::\n",
            "passwd": "dockremap:x:777:777:by hand:/:/bin/false\n",
            "shadow": "dockremap:!:19000::::::\n",
        }
    ),
    "subordinate ids exist": Situation(
        added={"subuid": "dockremap:500000:65536\n", "subgid": "dockremap:500000:65536\n"}
    ),
    "only subordinate uids exist": Situation(added={"subuid": "dockremap:500000:65536\n"}),
    "only subordinate gids exist": Situation(added={"subgid": "dockremap:500000:65536\n"}),
    "others have subordinate ids": Situation(
        added={"subuid": "me:100000:65536\ndockremap2:165536:65536\n", "subgid": "me:100000:65536\n"}
    ),
    "others have subordinate ids, last line without an end": Situation(
        etc={"subuid": "me:100000:65536", "subgid": "me:100000:65536"}
    ),
    "no usermod": Situation(lacks=("usermod",)),
    "no files of subordinate ids": Situation(etc={"subuid": None, "subgid": None}),
    "read-only /etc": Situation(read_only=True),
    "read-only /etc without files of subordinate ids": Situation(read_only=True, etc={"subuid": None, "subgid": None}),
    "read-only /etc, upgrade": Situation(read_only=True, installed=True),
}


#: Where the scriptlet's own lines come before the accounts, a file without an end of its last line is beyond them.
LATE_ACCOUNTS = {name: one for name, one in SITUATIONS.items() if not name.endswith("without an end")}


@dataclass(frozen=True)
class Step:
    """One step of an installation: a scriptlet, or the accounts of a sysusers.d file made by systemd-sysusers."""

    script: str = ""
    sysusers: str = ""


def make_base(folder: Path) -> Path:
    """A root directory to make others from."""
    root = folder / "base"
    for part in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / part).mkdir(parents=True)
        (root / part).symlink_to(f"usr/{part}")
    for part in ("etc/default", "etc/pam.d", "tmp", "run", "dev", "root", "var/lib", "var/log", "var/mail"):
        (root / part).mkdir(parents=True)
    (root / "dev" / "null").touch()
    for program in PROGRAMS:
        found = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
        assert found, f"no {program} on this machine"
        shutil.copy(found, root / "usr" / ("sbin" if "/sbin/" in found else "bin") / program)
        libraries = subprocess.run(["ldd", found], capture_output=True, text=True, check=True).stdout
        for library in re.findall(r"(/\S+)", libraries):
            target = root / library.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copy(library, target)
    busybox = shutil.which("busybox")
    assert busybox, "no busybox on this machine (busybox-static)"
    shutil.copy(busybox, root / "usr/bin/busybox")
    for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if not any((root / "usr" / part / applet).exists() for part in ("bin", "sbin")):
            (root / "usr/bin" / applet).symlink_to("busybox")
    # rpm runs %pre with /bin/sh, and SUSE's is bash
    (root / "usr/bin/sh").unlink(missing_ok=True)
    (root / "usr/bin/sh").symlink_to("bash")
    shutil.copy("/etc/login.defs", root / "etc/login.defs")
    for name, text in ETC.items():
        (root / "etc" / name).write_text(text)
    return root


def _fresh(base: Path, root: Path) -> None:
    """A root of its own: programs are hard links, /etc is a copy."""
    subprocess.run(["cp", "-al", str(base), str(root)], check=True)
    shutil.rmtree(root / "etc")
    shutil.copytree(base / "etc", root / "etc")


def _run(root: Path, step: Step, count: int, *, read_only: bool) -> list[str]:
    """Perform one step, as rpm does: `count` is how many versions of the package will be there."""
    if step.sysusers:
        command = ["systemd-sysusers", f"--root={root}", "-"]
    else:
        (root / "tmp/scriptlet").write_text(step.script)
        command = ["chroot", str(root), "/bin/sh", "/tmp/scriptlet", str(count)]
    if read_only:
        # a mount of our own, gone with the process; `$0` and `$@` keep every name out of the shell's text
        prepare = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", prepare, str(root / "etc"), *command]
    done = subprocess.run(
        command,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        input=step.sysusers,
        capture_output=True,
        text=True,
        timeout=60,
    )
    said = (done.stdout + done.stderr).strip()
    # systemd-sysusers stands for the distribution's own code: it speaks, and may fail where /etc is read-only
    if done.returncode and not (step.sysusers and read_only):
        return [f"exit {done.returncode}: {said}"]
    return [f"prints {said!r}"] if said and step.script and not read_only else []


def _etc(root: Path) -> dict[str, str]:
    return {name: path.read_text() for name in ETC if (path := root / "etc" / name).exists()}


def problems(base: Path, situation: Situation, steps: Sequence[Step]) -> list[str]:
    """Install in `situation` and again as an upgrade; what is wrong then, one line each.

    The root is made beside `base`, as hard links do not cross file systems, and taken away.
    """
    with tempfile.TemporaryDirectory(dir=base.parent) as folder:
        root = Path(folder) / "root"
        _fresh(base, root)
        return _installed(base, root, situation, steps)


def _installed(base: Path, root: Path, situation: Situation, steps: Sequence[Step]) -> list[str]:
    for name in situation.lacks:
        (root / "usr/sbin" / name).unlink()
    for name, text in situation.etc.items():
        path = root / "etc" / name
        path.unlink() if text is None else path.write_text(text)
    for name, text in situation.added.items():
        with (root / "etc" / name).open("a") as file:
            file.write(text)
    wrong: list[str] = []
    if situation.installed:
        for step in steps:
            wrong += _run(root, step, 1, read_only=False)
    before = _etc(root)
    for step in steps:
        wrong += _run(root, step, 2 if situation.installed else 1, read_only=situation.read_only)
    after = _etc(root)
    if situation.read_only or situation.installed:
        wrong += [f"/etc/{name} has changed" for name in ETC if before.get(name) != after.get(name)]
    if not situation.read_only:
        wrong += _wrong_accounts(before, after)
        for step in steps:
            wrong += _run(root, step, 2, read_only=False)
        wrong += [f"the second run changes /etc/{name}" for name in ETC if after.get(name) != _etc(root).get(name)]
    left = {path.name for path in (root / "etc").iterdir()} - {path.name for path in (base / "etc").iterdir()}
    expected = {".pwd.lock", *(f"{name}-" for name in ETC), *(f"{name}.lock" for name in ETC)}
    return wrong + [f"/etc/{name} is left behind" for name in sorted(left - expected)]


def _wrong_accounts(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """What is not as it should be in /etc after an installation that could write there."""

    def entries(file: str, name: str) -> list[list[str]]:
        return [line.split(":") for line in after.get(file, "").splitlines() if line.split(":")[0] == name]

    for file, name in (
        *(("group", "docker"), ("group", "dockremap"), ("passwd", "dockremap"), ("shadow", "dockremap")),
        *(("subuid", "dockremap"), ("subgid", "dockremap")),
    ):
        if len(entries(file, name)) != 1:
            yield f"/etc/{file} has {name} {len(entries(file, name))} times"
    for group, user in zip(entries("group", "dockremap"), entries("passwd", "dockremap"), strict=False):
        if user[3] != group[2]:
            yield f"dockremap's group is {user[3]}, not {group[2]}"
        if not 0 < int(user[2]) < 1000:
            yield f"dockremap is no system account: {user[2]}"
        if user[6].rpartition("/")[2] not in ("false", "nologin"):
            yield f"dockremap can log in: {user[6]}"
    yield from (
        f"dockremap has a password: {entry[1]}" for entry in entries("shadow", "dockremap") if entry[1][:1] not in "!*"
    )
    for file in ("subuid", "subgid"):
        had = [line for line in before.get(file, "").splitlines() if line.startswith("dockremap:")]
        has = [line for line in after.get(file, "").splitlines() if line.startswith("dockremap:")]
        if has != (had or [RANGE]):
            yield f"/etc/{file} has {has}, not {had or [RANGE]}"
    for file, text in before.items():
        lost = [line for line in text.splitlines() if line not in after.get(file, "").splitlines()]
        yield from (f"/etc/{file} has lost {line!r}" for line in lost)


def preinstall(spec: Path, macros: str, folder: Path) -> str:
    """The text of a spec's %pre as a shell receives it, under `macros` and the realistic ones above."""
    (folder / "scriptlet.macros").write_text(macros + MACROS)
    done = subprocess.run(
        ["rpmspec", f"--load={folder / 'scriptlet.macros'}", "-q", "--qf", "%{NAME}\x01%{PREIN}\x01", str(spec)],
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    name, text = done.stdout.split("\x01")[:2]
    assert text.strip() not in ("", "(none)"), f"{name} has no %pre"
    return text
