"""What a hollow build left in its folder, read as facts: calls, trees, and the built packages themselves."""

from __future__ import annotations

import gzip
import hashlib
import re
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.proof.standins import TREES

#: Programs whose environment, folder and series of patches are facts; of the others only the call is.
UPSTREAM = ("hack/make.sh", "make", "go")
#: What the lines of scriptlets begin with that count (tests.proof.macros, tests.proof.standins).
CALLS = ("generated-accounts", "service-add-", "service-del-", "fillup-only", "tmpfiles-create")
_SCRIPTS = {
    "pre": "PREIN",
    "post": "POSTIN",
    "preun": "PREUN",
    "postun": "POSTUN",
    "pretrans": "PRETRANS",
    "posttrans": "POSTTRANS",
}
_FLAGS = {"c": "config", "n": "noreplace", "m": "missingok", "d": "doc", "l": "license", "g": "ghost", "r": "readme"}
_COLUMNS = ("NAMES", "MODES", "USERNAME", "GROUPNAME", "FLAGS:fflags", "LINKTOS")


class Built:
    """The folder of a finished build. `sources` are the files it was given, `plain` the variables that rpm sets."""

    def __init__(self, top: Path, sources: Mapping[str, bytes], plain: frozenset[str]) -> None:
        self.top, self.plain = top, plain
        self.labels = {_digest(data): f"source {name}" for name, data in sources.items()}
        for tree, files in TREES.values():
            self.labels.update({_digest(text.encode()): f"{tree} {path}" for path, text in files.items()})

    def clean(self, text: str) -> str:
        """The text without the folders of this one build, whose names differ with rpm's version."""
        top = re.escape(str(self.top))
        text = re.sub(rf"{top}/(?:BUILDROOT/[^/\s]+|BUILD/[^/\s]+-build/BUILDROOT)", "BUILDROOT", text)
        text = re.sub(rf"{top}/BUILD(?:/[^/\s]+-build\b)?", "BUILD", text)
        return text.replace(f"{self.top}/SOURCES", "SOURCES").replace(str(self.top), "TOP")

    def calls(self) -> Iterator[str]:
        """Every recorded call: what, where, in which order, with which variables, over which series of patches."""
        seen: dict[str, int] = {}
        order = []
        for call in sorted((self.top / "calls").iterdir()):
            program, *arguments = (call / "arguments").read_text().rstrip("\0").split("\0")
            folder = self.clean((call / "folder").read_text()).removeprefix("BUILD/")
            name = f"{program} in {folder}" if program in UPSTREAM else program
            seen[name] = seen.get(name, 0) + 1
            name += f" ({seen[name]})" if seen[name] > 1 else ""
            order.append(name)
            yield f"call | {name} | {self.clean(' '.join(map(_quoted, arguments)))}"
            if program in UPSTREAM:
                yield from (f"call | {name} | {fact}" for fact in self._circumstances(call, folder))
        yield f"calls | {'; '.join(order)}"

    def _circumstances(self, call: Path, folder: str) -> Iterator[str]:
        for variable in (call / "environment").read_text().rstrip("\0").split("\0"):
            if not variable.startswith(("RPM_", "HOLLOW_")) and variable.partition("=")[0] not in self.plain:
                yield f"exported {self.clean(variable)}"
        yield from (call / "modules").read_text().splitlines()
        if (call / "series").exists():
            patches = _series(call / "series")
            yield f"patched with {'all of its tree' if patches == self._trees().get(folder) else patches}"

    def _trees(self) -> dict[str, str]:
        """The trees as they were at the end of %install, or where the build broke off."""
        kept = sorted((self.top / "trees").iterdir())
        return {tree.name: _series(tree) for tree in kept} or {
            tree.parent.name: _series(tree) for tree in sorted((self.top / "BUILD").rglob(".series"))
        }

    def trees(self) -> Iterator[str]:
        """Every unpacked tree and its patches."""
        for name, series in self._trees().items():
            yield f"tree | {name} | {series}"

    def packages(self) -> Iterator[str]:
        """Every built package: its files as a user gets them, and what its scriptlets call in which order."""
        columns = "\\t".join(f"%{{FILE{column}}}" for column in _COLUMNS)
        scripts = "".join(f"\x01{script}\x01%{{{tag}}}" for script, tag in _SCRIPTS.items())
        query = f"%{{NAME}}\\n%{{ARCH}}\\n[{columns}\\n]{scripts}"
        for package in sorted((self.top / "RPMS").rglob("*.rpm")):
            head, *rest = self._run("rpm", "-qp", "--nosignature", "--qf", query, package).decode().split("\x01")
            name, arch, *lines = head.splitlines()
            content = dict(_unpacked(self._run("rpm2cpio", package)))
            yield f"{name} | arch | {'noarch' if arch == 'noarch' else 'of the host'}"
            for line in lines:
                yield f"{name} | file | {self._file(content, *line.split(chr(9)))}"
            for script, text in zip(rest[::2], rest[1::2], strict=True):
                called = [" ".join(line.split()) for line in text.splitlines() if line.strip().startswith(CALLS)]
                if text.strip() != "(none)":
                    yield f"{name} | script | %{script} calls {'; '.join(called) or 'nothing'}"

    def _run(self, *command: str | Path) -> bytes:
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.top / "home"), "LC_ALL": "C.UTF-8"}
        return subprocess.run(list(map(str, command)), env=environment, capture_output=True, check=True).stdout

    def _file(
        self, content: Mapping[str, bytes], path: str, mode: str, user: str, group: str, flags: str, link: str
    ) -> str:
        kind = stat.filemode(int(mode) & 0xFFFF)
        words = [path, kind, f"{user}:{group}", *(word for letter, word in _FLAGS.items() if letter in flags)]
        parts = [" ".join(words)]
        if link:
            parts.append(f"-> {link}")
        if kind.startswith("-") and "g" not in flags:
            parts.append(f"from {self._origin(path, content[path]) if path in content else 'nothing'}")
        return " | ".join(parts)

    def _origin(self, path: str, data: bytes) -> str:
        """Where the content of an installed file came from."""
        if path.endswith(".gz"):
            data = gzip.decompress(data)
        text = self.clean(data.decode(errors="surrogateescape"))
        first, _, rest = text.partition("\n")
        if first.startswith("hollow: ") and not rest:
            return first.removeprefix("hollow: ")
        if path.endswith("/.series"):
            return "the patched tree"
        return self.labels.get(_digest(data)) or repr(text if len(text) < 200 else _digest(data))


def _unpacked(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """The members of a cpio archive in the "newc" form, which an RPM's payload has (cpio(5)), by absolute path.

    Of files that are hard links of each other the last one holds the content; rpm finds those by itself, and
    stand-ins have none.
    """
    at = 0
    while archive[at : at + 6] == b"070701":
        fields = [int(archive[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        size, length = fields[6], fields[11]
        name = archive[at + 110 : at + 110 + length - 1].decode()
        start = (at + 110 + length + 3) // 4 * 4
        at = (start + size + 3) // 4 * 4
        if name != "TRAILER!!!":
            yield "/" + name.removeprefix(".").removeprefix("/"), archive[start : start + size]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _quoted(argument: str) -> str:
    return argument if re.fullmatch(r"[\w%+,./:=@-]+", argument) else "'" + argument.replace("\n", "\\n") + "'"


def _series(file: Path) -> str:
    names = file.read_text().splitlines()[1:]
    return ", ".join(reversed(names)) or "nothing"
