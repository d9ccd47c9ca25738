"""Debian's sources and packages, got through apt with a configuration of its own: the machine's stays as it is.

The mirror and its keyring are those of the machine's own apt sources, with only the suite changed. What was fetched is
kept under .cache/debian in the checkout, by name and version; what is there is never asked for again.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

CACHE = Path(__file__).parent.parent.parent / ".cache" / "debian"
_URI = re.compile(r"^'([^']+)' (\S+) \d+ (\S+:[0-9a-f]+|)$", re.MULTILINE)


class RefusedError(Exception):
    """The registry does not give something, or there is no apt here."""


REFUSAL = "the registry refused: "
"""How the reason of such a skip begins; the conftest at the top repeats these in the last lines of a run."""


@contextlib.contextmanager
def or_skip() -> Iterator[None]:
    """Skip the test for what the registry refuses."""
    try:
        yield
    except RefusedError as error:
        pytest.skip(f"{REFUSAL}{error}")


def _machine_source() -> tuple[str, str]:
    """The mirror of the machine's own apt sources, and the keyring that its entry names (or nothing)."""
    etc = Path("/etc/apt")
    for path in sorted(etc.glob("sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
            if re.search(r"debian/?(?: |$)", fields.get("URIs", "")) and "deb" in fields.get("Types", ""):
                return fields["URIs"].split()[0], fields.get("Signed-By", "")
    for path in [etc / "sources.list", *sorted(etc.glob("sources.list.d/*.list"))]:
        if path.is_file():
            for line in path.read_text().splitlines():
                match = re.match(r"deb(?:-src)?\s+(?:\[(.*?)\]\s+)?(\S+debian/?)\s", line)
                if match:
                    keyring = re.search(r"signed-by=(\S+)", match[1] or "")
                    return match[2], keyring[1] if keyring else ""
    raise RefusedError("Debian's sources: this machine's apt sources name no Debian mirror")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Only one test process at a time fetches."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@functools.cache
def _environment(suite: str) -> dict[str, str]:
    """The environment of apt commands for a suite alone: a private configuration, its lists updated once a run."""
    if not shutil.which("apt-get"):
        raise RefusedError("Debian's sources: there is no apt on this machine")
    mirror, keyring = _machine_source()
    apt = CACHE / f"apt-{suite}"
    for folder in ("lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    signed = f"[signed-by={keyring}] " if keyring else ""
    entries = [f"{kind} {signed}{mirror} {suite} main\n" for kind in ("deb", "deb-src")]
    (apt / "sources.list").write_text("".join(entries))
    settings = {
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": apt,
        "Dir::State::Lists": apt / "lists",
        "Dir::State::Status": apt / "status",
        "Dir::Cache": apt / "cache",
        "APT::Architecture": "amd64",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "Acquire::http::Timeout": "20",
    }
    configuration = apt / "apt.conf"
    configuration.write_text("".join(f'{key} "{value}";\n' for key, value in settings.items()))
    environment = os.environ | {"APT_CONFIG": str(configuration), "LC_ALL": "C"}
    done = subprocess.run(["apt-get", "update"], env=environment, capture_output=True, text=True)
    if done.returncode or "\nErr:" in done.stdout:
        raise RefusedError(
            f"Debian's sources: the package lists cannot be fetched: {_last(done.stderr or done.stdout)}"
        )
    return environment


def source(package: str, suite: str, version: str, component: str = "orig") -> Path:
    """An upstream archive of a source package: `orig`, or `orig-cli` and the like.

    Raises:
        RefusedError: the registry does not give it, or the suite has another upstream version by now.
    """
    folder = CACHE / f"{package}-{version}"
    with _alone():
        found = sorted(folder.glob(f"*.{component}.tar.*"))
        return found[0] if found else _fetch_source(package, suite, version, component)


def _fetch_source(package: str, suite: str, version: str, component: str) -> Path:
    command = ["apt-get", "source", "--print-uris", "--only-source", package]
    listed = subprocess.run(command, env=_environment(suite), capture_output=True, text=True)
    for uri, name, digest in _URI.findall(listed.stdout):
        if not re.search(rf"[.-]{component}\.tar\.\w+$|[.]{component}\.tar\.\w+$", name):
            continue
        if not name.startswith(f"{package}_{version}"):
            raise RefusedError(f"{package} {version}: {suite} has {name} by now")
        folder = CACHE / f"{package}-{version}"
        folder.mkdir(parents=True, exist_ok=True)
        half = folder / f"half-{name}.download"
        command = ["/usr/lib/apt/apt-helper", "download-file", uri, str(half), digest]
        done = subprocess.run(command, env=_environment(suite), capture_output=True, text=True)
        if done.returncode:
            raise RefusedError(f"{name}: the registry does not give it: {_last(done.stderr or done.stdout)}")
        return half.rename(folder / name)
    raise RefusedError(f"{package} in {suite}: {_last(listed.stderr) or f'no {component}'}")


def build_dependencies(suite: str, *sources: str) -> list[str]:
    """The names of all packages that building these source packages needs, by apt's own reckoning.

    Raises:
        RefusedError: apt cannot tell.
    """
    names: set[str] = set()
    for package in sources:
        command = ["apt-get", "build-dep", "--print-uris", "-y", "--no-install-recommends", package]
        with _alone():
            done = subprocess.run(command, env=_environment(suite), capture_output=True, text=True)
        if done.returncode:
            raise RefusedError(f"the build dependencies of {package} in {suite}: {_last(done.stderr)}")
        names |= {name.partition("_")[0] for _, name, _ in _URI.findall(done.stdout)}
    return sorted(names)


def unpacked(suite: str, *packages: str, name: str = "") -> Path:
    """A folder with the content of exactly these binary packages, unpacked beside nothing of the machine.

    `name` is the folder's, where the packages are too many to name it.

    Raises:
        RefusedError: the registry does not give them.
    """
    folder = CACHE / f"{suite}-{name or '-'.join(packages)}"
    with _alone():
        if not folder.is_dir():
            half = CACHE / f"half-{folder.name}"
            shutil.rmtree(half, ignore_errors=True)
            debs = half / "debs"
            debs.mkdir(parents=True)
            command = ["apt-get", "download", *packages]
            done = subprocess.run(command, cwd=debs, env=_environment(suite), capture_output=True, text=True)
            if done.returncode:
                raise RefusedError(f"{name or ' '.join(packages)} in {suite}: {_last(done.stderr)}")
            for deb in sorted(debs.glob("*.deb")):
                subprocess.run(["dpkg-deb", "-x", str(deb), str(half / "root")], check=True)
            (half / "root").rename(folder)
            shutil.rmtree(half)
    return folder


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else ""
