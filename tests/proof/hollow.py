"""The hollow build: rpmbuild really builds a package directory whose upstream archives are small stand-ins.

It shows what no parse can: every %files line matches, nothing stays unpackaged, which patches reached which tree in
which order, how upstream's build was called, and the installed files with their modes. The result is a set of facts
(tests.proof.facts); `tests/data/hollow/NAME.json` holds those of the real packages.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from generator.targets import Target
from tests.proof.built import Built
from tests.proof.contract import states
from tests.proof.facts import Case, Table, counted
from tests.proof.macros import marker_macros
from tests.proof.standins import PROGRAMS, missing

DATA = Path(__file__).parents[1] / "data" / "hollow"
#: What rpmbuild is given on every target, so that the host's rpm leaves no traces in the facts.
BUILD_MACROS = """\
%_buildshell /bin/bash
%debug_package %{nil}
%_build_id_links none
%__os_install_post hollow-finish
%_binary_payload w0.ufdio
%_defaultdocdir /usr/share/doc/packages
%_docdir_fmt %%{NAME}
%_defaultlicensedir /usr/share/licenses
%_unpackaged_files_terminate_build 1
%_missing_doc_files_terminate_build 1
"""
SHELL = {"PWD", "OLDPWD", "SHLVL", "_"}


@dataclass(frozen=True)
class Build:
    """One build to make: a package directory, where, with which features forced, and what SOURCE_DATE_EPOCH says."""

    directory: Path
    target: Target
    define: Mapping[str, str] = field(default_factory=dict)
    epoch: str = ""


def _rpmbuild(spec: Path, macros: str, top: Path, epoch: str = "") -> subprocess.CompletedProcess[str]:
    """Build `spec` in the private folder `top`; nothing of the user's own rpm is read or written."""
    for name in ("BUILD", "RPMS", "SOURCES", "attributes", "calls", "home", "programs", "trees"):
        (top / name).mkdir(exist_ok=True)
    for name, text in PROGRAMS.items():
        (top / "programs" / name).write_text(text)
        (top / "programs" / name).chmod(0o755)
    # the user's own macro file, as rpm 4.20 forgets what --load brought when it meets BuildArch: noarch
    (top / "home" / ".rpmmacros").write_text(macros + BUILD_MACROS)
    # an attribute file that matches nothing: no dependencies found by the host's own scripts
    (top / "attributes" / "none.attr").write_text("%__none_path ^$\n")
    environment = {
        "PATH": f"{top / 'programs'}:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(top / "home"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOLLOW_CALLS": str(top / "calls"),
        "HOLLOW_TREES": str(top / "trees"),
    }
    if epoch:
        environment["SOURCE_DATE_EPOCH"] = epoch
    define = {"_topdir": top, "_dbpath": top / "db", "_tmppath": top / "home", "_fileattrsdir": top / "attributes"}
    return subprocess.run(
        [
            *("rpmbuild", "-bb", "--nodeps", "--noclean"),
            *(argument for name, value in define.items() for argument in ("--define", f"{name} {value}")),
            str(spec),
        ],
        env=environment,
        cwd=top,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="surrogateescape",
        timeout=120,
    )


@cache
def _plain_environment() -> frozenset[str]:
    """The variables that rpmbuild itself gives to %build, whatever the package: not the package's doing."""
    with tempfile.TemporaryDirectory(prefix="hollow-plain-") as folder:
        spec = Path(folder) / "plain.spec"
        spec.write_text(
            "Name: plain\nVersion: 1\nRelease: 1\nSummary: Plain\nLicense: MIT\n%description\n%build\n"
            "env -0 >%{_topdir}/environment\n%files\n"
        )
        done = _rpmbuild(spec, "", Path(folder))
        text = (Path(folder) / "environment").read_text() if not done.returncode else ""
        if not text:
            raise AssertionError(f"rpmbuild cannot build the simplest package here:\n{done.stdout}")
    return frozenset(line.partition("=")[0] for line in text.split("\0")) | SHELL


def _problems(output: str) -> Iterator[str]:
    unpackaged = False
    for line in output.splitlines():
        if "Installed (but unpackaged)" in line:
            unpackaged = True
        elif unpackaged and line.startswith("   /"):
            yield f"message | unpackaged {line.strip()}"
        elif found := re.match(r"(?:warning|error):\s+(File listed twice: .*)|\s+(File not found: .*)", line):
            yield f"message | {found[1] or found[2]}"
        else:
            unpackaged = False


def facts_of(build: Build, declared: Iterable[str]) -> frozenset[str]:
    """Make one build and read its facts. `declared` names the package's sources and patches on any target."""
    with contextlib.ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hollow-", ignore_cleanup_errors=True)))
        own = {path.name: path.read_bytes() for path in build.directory.iterdir() if path.is_file()}
        sources = {**own, **_standins(tuple(sorted(set(declared) - own.keys())))}
        (top / "SOURCES").mkdir()
        for name, data in sources.items():
            (top / "SOURCES" / name).write_bytes(data)
        spec = next(name for name in own if name.endswith(".spec"))
        macros = marker_macros(build.target) + "".join(f"%{name} {value}\n" for name, value in build.define.items())
        done = _rpmbuild(top / "SOURCES" / spec, macros, top, build.epoch)
        result = Built(top, sources, _plain_environment())
        facts = [*result.calls(), *result.trees(), *dict.fromkeys(map(result.clean, _problems(done.stdout)))]
        if done.returncode:
            errors = [
                line for line in done.stdout.splitlines() if line.startswith("error:") or "command not found" in line
            ]
            last = result.clean(" / ".join(errors[-3:]) or done.stdout[-300:])
            return counted([*facts, f"result | failed: {re.sub(r'rpm-tmp[.][A-Za-z0-9]+', 'rpm-tmp', last)}"])
        return counted([*facts, "result | built", *result.packages()])


@cache
def _standins(names: tuple[str, ...]) -> dict[str, bytes]:
    return missing(dict.fromkeys(names, False))


def build_all(builds: Mapping[Case, Build], declared: Iterable[str]) -> Table:
    """Make builds, two at a time."""
    names = tuple(declared)
    _plain_environment()
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(builds, pool.map(lambda build: facts_of(build, names), builds.values()), strict=True))


#: The builds that the reference holds besides every target's default: state, targets.
VARIANTS = {
    "with integration_tests": ("sle12", "tumbleweed"),  # two, because the tests are given the build tags
    "with buildx": ("sle15",),
    "without suseconnect": ("sle15",),
    "without buildx": ("tumbleweed",),
    "with suseconnect": ("tumbleweed",),
    "without apparmor": ("sle15",),
    "SOURCE_DATE_EPOCH=1700000000": ("sle12", "tumbleweed"),
}


def cases(directory: Path, targets: Iterable[Target]) -> dict[Case, Build]:
    """The builds of one package directory that are compared with the reference."""
    named = {target.name: target for target in targets}
    forced = states({state.partition(" ")[2] for state in VARIANTS if " " in state})
    builds = {(name, "default"): Build(directory, target) for name, target in named.items()}
    for state, where in VARIANTS.items():
        for name in where:
            epoch = state.partition("=")[2]
            builds[name, state] = Build(directory, named[name], forced.get(state, {}), epoch)
    return builds
