"""The sandbox: how the reader is started so that a spec, which runs code while it is parsed, reaches nothing.

Inside bubblewrap there is /usr, read-only, an empty home, an empty /tmp, no network, no capability, no environment,
and nothing of /etc but what the dynamic linker needs. The reader enters further namespaces for each package; see
`worker.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

ROOT = "/home/abuild/rpmbuild"
"""Where a build's folders are inside the sandbox: the same place as on the Open Build Service, so that what librpm
prints reads alike."""

NOBODY = 65534
"""The uid that reads specs where specgen runs as root: the kernel's limit on processes does not bind root."""

PYTHON = "/usr/bin/python3"
BASH = Path("/usr/bin/bash")

ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
    "HOME": "/home/abuild",
    "USER": "abuild",
    "LOGNAME": "abuild",
    "SHELL": "/bin/sh",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}


class Limits(msgspec.Struct, frozen=True):
    """What one parse of a spec may take; past a limit it is stopped and the reading says so."""

    seconds: float = 10.0
    memory: int = 1 << 30  # bytes, for each process and for all of them together
    processes: int = 64
    output: int = 1 << 20  # bytes printed to stdout and stderr together
    result: int = 64 << 20  # bytes of what librpm found


def reader_python() -> str:
    """The Python that has the rpm bindings: SPECGEN_RPM_PYTHON, or the system's."""
    return os.environ.get("SPECGEN_RPM_PYTHON") or PYTHON


def bubblewrap(python: str, *, own_proc: bool = True) -> list[str]:
    """The arguments that start `python` in the sandbox; the program's own arguments follow.

    `own_proc` gives the sandbox a /proc of its own, which some containers forbid; without it the reader works with
    that of the host, and shows a spec none.
    """
    arguments = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    for name, value in ENVIRONMENT.items():
        arguments += ["--setenv", name, value]
    arguments += ["--uid", "1000", "--gid", "1000", "--hostname", "build", "--ro-bind", "/usr", "/usr"]
    for path in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        if Path(path).is_symlink():
            arguments += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).is_dir():
            arguments += ["--ro-bind", path, path]
    for path in ("/etc/ld.so.cache", "/etc/alternatives"):
        arguments += ["--ro-bind-try", path, path]
    # On SUSE, /bin/sh is bash, and specs rely on it.
    shell = Path("/bin/sh").resolve()
    if shell != BASH.resolve() and BASH.exists() and shell.is_relative_to("/usr"):
        arguments += ["--ro-bind", str(BASH), str(shell)]
    for prefix in prefixes(python):
        arguments += ["--ro-bind", prefix, prefix]
    arguments += ["--proc", "/proc"] if own_proc else ["--bind", "/proc", "/proc"]
    for option, path in (("dev", "/dev"), ("dir", "/tmp"), ("dir", "/var/tmp"), ("dir", ROOT)):  # noqa: S108  they are inside the sandbox
        arguments += [f"--{option}", path]
    # All jobs share these file systems, so that nothing may be left behind in them.
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]


def prefixes(python: str) -> Iterator[str]:
    """The installations that a Python outside /usr needs: its own, and that of its virtual environment."""
    seen = set()
    for path in (Path(python).absolute(), Path(python).resolve()):
        prefix = str(path.parent.parent)
        if not prefix.startswith("/usr/") and prefix not in ("/", "/usr") and prefix not in seen:
            seen.add(prefix)
            yield prefix


def unprivileged() -> int | None:
    """The uid and gid for a process that must not be root's; None where we are not root, and stay who we are."""
    return NOBODY if os.geteuid() == 0 else None


def process_allowance(limits: Limits, *, sandboxed: bool) -> int:
    """The value for RLIMIT_NPROC that leaves a parse `limits.processes` processes.

    Since Linux 5.14 the kernel counts them for each user namespace; before, and outside of one, it counts all processes
    of the user.
    """
    release = os.uname().release.split(".")
    if sandboxed and [int(part) for part in release[:2] if part.isdigit()] >= [5, 14]:
        return limits.processes
    uid = unprivileged() or os.geteuid()
    return limits.processes + sum(
        1 for entry in Path("/proc").iterdir() if entry.name.isdigit() and owner(entry) == uid
    )


def owner(path: Path) -> int:
    """The uid that owns a path, -1 where it has just gone."""
    try:
        return path.stat().st_uid
    except OSError:
        return -1


def processors() -> int:
    """How many processors this process may keep busy."""
    return len(os.sched_getaffinity(0))
