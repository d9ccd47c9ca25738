"""The hollow build: rpmbuild really builds a package directory whose upstream archives are small stand-ins.

It shows what no parse can: every %files line matches, nothing stays unpackaged, which patches reached which tree in
which order, how upstream's build was called, and the installed files with their modes. The result is a set of facts
(tests.proof.facts); `tests/data/hollow/NAME.json` holds those of the real packages.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import re
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from generator.targets import Target
from tests.proof.contract import states
from tests.proof.facts import Case, Table, counted
from tests.proof.macros import marker_macros
from tests.proof.standins import PROGRAMS, TREES, missing

DATA = Path(__file__).parents[1] / "data" / "hollow"
#: What rpmbuild is given on every target, so that the host's rpm leaves no traces in the facts.
BUILD_MACROS = """\
%_buildshell /bin/bash
%debug_package %{nil}
%_build_id_links none
%__os_install_post find $RPM_BUILD_ROOT/usr/share/man -type f -exec gzip -9n {} + || :
%_binary_payload w0.ufdio
%_defaultdocdir /usr/share/doc/packages
%_docdir_fmt %%{NAME}
%_defaultlicensedir /usr/share/licenses
%_unpackaged_files_terminate_build 1
%_missing_doc_files_terminate_build 1
"""
UPSTREAM = ("hack/make.sh", "make", "go")
CALLS = ("generated-accounts", "service-add-", "service-del-", "fillup-only", "tmpfiles-create")
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
    for name in ("BUILD", "RPMS", "SOURCES", "attributes", "calls", "home", "programs"):
        (top / name).mkdir(exist_ok=True)
    for name, text in PROGRAMS.items():
        (top / "programs" / name).write_text(text)
        (top / "programs" / name).chmod(0o755)
    (top / "target.macros").write_text(macros + BUILD_MACROS)
    # an attribute file that matches nothing: no dependencies found by the host's own scripts
    (top / "attributes" / "none.attr").write_text("%__none_path ^$\n")
    environment = {
        "PATH": f"{top / 'programs'}:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(top / "home"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "HOLLOW_CALLS": str(top / "calls"),
    }
    if epoch:
        environment["SOURCE_DATE_EPOCH"] = epoch
    define = {"_topdir": top, "_dbpath": top / "db", "_tmppath": top / "home", "_fileattrsdir": top / "attributes"}
    return subprocess.run(
        [
            *("rpmbuild", "-bb", "--nodeps", "--noclean", f"--load={top / 'target.macros'}"),
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


class _Result:
    """What a finished build left in its folder, read as facts."""

    def __init__(self, top: Path, sources: Mapping[str, bytes]) -> None:
        self.top = top
        self.labels = {_digest(data): f"source {name}" for name, data in sources.items()}
        for tree, files in TREES.values():
            self.labels.update({_digest(text.encode()): f"{tree} {path}" for path, text in files.items()})
        roots = [*top.glob("BUILDROOT/*"), *top.glob("BUILD/*-build/BUILDROOT")]
        self.root = roots[0] if roots else top / "no-root"
        self.builds = top / "BUILD"
        for inner in top.glob("BUILD/*-build"):  # rpm 4.20 and later
            self.builds = inner

    def clean(self, text: str) -> str:
        """The text without the folders of this one build."""
        for folder, name in ((self.root, "BUILDROOT"), (self.builds, "BUILD"), (self.top / "SOURCES", "SOURCES")):
            text = text.replace(str(folder), name)
        return text.replace(str(self.top), "TOP")

    def calls(self) -> Iterator[str]:
        """Every recorded call: what, where, in which order, with which variables, over which series of patches."""
        seen: dict[str, int] = {}
        order = []
        for call in sorted((self.top / "calls").iterdir()):
            program, *arguments = (call / "arguments").read_text().rstrip("\0").split("\0")
            folder = self.clean((call / "folder").read_text()).removeprefix("BUILD/")
            upstream = program in UPSTREAM
            name = f"{program} in {folder}" if upstream else program
            seen[name] = seen.get(name, 0) + 1
            name += f" ({seen[name]})" if seen[name] > 1 else ""
            order.append(name)
            yield f"call | {name} | {self.clean(' '.join(map(_quoted, arguments)))}"
            if not upstream:
                continue
            for variable in (call / "environment").read_text().rstrip("\0").split("\0"):
                if (
                    not variable.startswith(("RPM_", "HOLLOW_"))
                    and variable.partition("=")[0] not in _plain_environment()
                ):
                    yield f"call | {name} | exported {self.clean(variable)}"
            for line in (call / "modules").read_text().splitlines():
                yield f"call | {name} | {line}"
            if (call / "series").exists():
                patches, all_of_them = _series(call / "series"), _series(self.builds / folder / ".series")
                yield f"call | {name} | patched with {'all of its tree' if patches == all_of_them else patches}"
        yield f"calls | {'; '.join(order)}"

    def trees(self) -> Iterator[str]:
        """Every unpacked tree and its patches."""
        for series in sorted(self.builds.glob("*/.series")):
            yield f"tree | {series.parent.name} | {_series(series)}"

    def came_from(self, path: str) -> str:
        """Where the content of an installed file came from."""
        file = self.root / path.lstrip("/")
        if file.is_symlink() or file.is_dir():
            return ""
        if not file.exists():
            return "nothing installed"
        data = file.read_bytes()
        if path.endswith(".gz"):
            data = gzip.decompress(data)
        text = self.clean(data.decode(errors="surrogateescape"))
        first, _, rest = text.partition("\n")
        if first.startswith("hollow: ") and not rest:
            return first.removeprefix("hollow: ")
        if path.endswith("/.series"):
            return "the patched tree"
        return self.labels.get(_digest(data)) or repr(text if len(text) < 200 else _digest(data))

    def packages(self) -> Iterator[str]:
        """Every built package: its files as a user gets them, and what its scriptlets call in which order."""
        columns = ("NAMES", "MODES", "USERNAME", "GROUPNAME", "FLAGS:fflags", "LINKTOS")
        fields = "%{NAME}\\n%{ARCH}\\n[" + "\\t".join(f"%{{FILE{column}}}" for column in columns) + "\\n]"
        scripts = "".join(f"\\1{script}\\1%{{{tag}}}" for script, tag in _SCRIPTS.items())
        for package in sorted((self.top / "RPMS").rglob("*.rpm")):
            done = subprocess.run(
                [
                    "rpm",
                    "--dbpath",
                    str(self.top / "db"),
                    "-qp",
                    "--nosignature",
                    "--qf",
                    (fields + scripts).replace("\\1", "\1"),
                    str(package),
                ],
                env={"PATH": "/usr/bin:/bin", "HOME": str(self.top / "home"), "LC_ALL": "C.UTF-8"},
                capture_output=True,
                text=True,
                check=True,
            )
            head, *rest = done.stdout.split("\1")
            name, arch, *lines = head.splitlines()
            yield f"{name} | arch | {'noarch' if arch == 'noarch' else 'of the host'}"
            for line in lines:
                yield f"{name} | file | {self._file(*line.split(chr(9)))}"
            for script, text in zip(rest[::2], rest[1::2], strict=True):
                called = [" ".join(line.split()) for line in text.splitlines() if line.strip().startswith(CALLS)]
                if text.strip() != "(none)":
                    yield f"{name} | script | %{script} calls {'; '.join(called) or 'nothing'}"

    def _file(self, path: str, mode: str, user: str, group: str, flags: str, link: str) -> str:
        perms = stat.filemode(int(mode) & 0xFFFF)
        flag_names = [word for letter, word in _FLAGS.items() if letter in flags]
        source = self.came_from(path) if "g" not in flags else ""
        parts = [path, perms, f"{user}:{group}", *flag_names]
        return " | ".join([" ".join(parts), *([f"-> {link}"] if link else []), *([f"from {source}"] if source else [])])


_SCRIPTS = {
    "pre": "PREIN",
    "post": "POSTIN",
    "preun": "PREUN",
    "postun": "POSTUN",
    "pretrans": "PRETRANS",
    "posttrans": "POSTTRANS",
}
_FLAGS = {"c": "config", "n": "noreplace", "m": "missingok", "d": "doc", "l": "license", "g": "ghost", "r": "readme"}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _quoted(argument: str) -> str:
    return argument if re.fullmatch(r"[\w%+,./:=@-]+", argument) else "'" + argument.replace("\n", "\\n") + "'"


def _series(file: Path) -> str:
    names = file.read_text().splitlines()[1:]
    return ", ".join(reversed(names)) or "nothing"


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
        result = _Result(top, sources)
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
