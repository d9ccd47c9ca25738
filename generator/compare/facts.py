"""What a reading says, fact by fact, so that two readings can be compared without regard to order and wording."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from generator.reading import Dependency, PackageReading, Reading

_MACHINERY = (
    r"\s*(cd '|rm -rf '|echo \"Patch #|STATUS=|if \[ \$STATUS|exit \$STATUS|fi$|mkdir -p '"
    r"|/usr/bin/(chmod|tar|gzip|patch)\b|.*/rpmuncompress\b|.*\|\s*/usr/bin/patch\b|patch -p)"
)
_STRIP = re.compile(r"-p\s*(\d+)")


class Fact(NamedTuple):
    """One fact: what it is about, which of its properties, and the value.

    `many` tells that the property holds several values at once, each a fact of its own.
    """

    subject: str
    property: str
    value: str
    many: bool = True


class Applied(NamedTuple):
    """A patch as %prep applies it: its file, the folder of the tree, and how many leading parts of paths go."""

    name: str
    folder: str
    strip: int | None


def applied(reading: Reading) -> tuple[Applied, ...]:
    """The declared patches that the expanded text of %prep applies, in order, each once for every line that names it.

    The folder is the last part of the path that the shell stands in, empty before the first `cd`.
    """
    return _applied(reading.prep, frozenset(source.name for source in reading.sources if source.patch))


@lru_cache(maxsize=64)  # readings of several targets have one text, and several rules ask
def _applied(prep: str, names: frozenset[str]) -> tuple[Applied, ...]:
    found, folder = [], ""
    for line in prep.splitlines():
        words = line.split()
        if words[:1] == ["cd"] and len(words) > 1:
            folder = posixpath.basename(words[1].strip("'\""))
        elif words and words[0] != "echo" and not words[0].startswith("#"):
            said = (posixpath.basename(word.strip("'\"<")) for word in words)
            for name in dict.fromkeys(name for name in said if name in names):
                strip = _STRIP.search(line)
                found.append(Applied(name, folder, int(strip[1]) if strip else None))
    return tuple(found)


def facts(reading: Reading) -> Iterator[Fact]:
    """Everything that a reading says, but for the texts of scripts, which are given as they are."""
    if reading.error:
        yield Fact("spec", "error", reading.error, many=False)
        return
    yield from (Fact("spec", "log", line) for line in reading.log)
    for source in reading.sources:
        kind = "Patch" if source.patch else "Source"
        yield Fact("spec", kind, f"{source.number}: {source.location or source.name}")
    before: dict[str, str] = {}
    for patch in applied(reading):
        place = f"after {before[patch.folder]}" if patch.folder in before else "first"
        yield Fact("%prep", "applies", f"{patch.name} (-p{patch.strip}) in {patch.folder}, {place}")
        before[patch.folder] = patch.name
    yield from (Fact("spec", "BuildRequires", text(dependency)) for dependency in reading.build_requires)
    for name in ("exclude_arch", "exclusive_arch", "build_arch"):
        yield from (Fact("spec", name.title().replace("_", ""), arch) for arch in getattr(reading, name))
    yield Fact("%prep", "text", "\n".join(_own_lines(reading.prep)), many=False)
    for section in ("build", "install", "check"):
        yield Fact(f"%{section}", "text", getattr(reading, section), many=False)
    for package in reading.packages:
        yield Fact("spec", "package", package.name)
        yield from _package(package)


def _own_lines(prep: str) -> Iterator[str]:
    """The lines of %prep that %setup and %patch did not make."""
    for line in prep.splitlines():
        if line.strip() and not re.match(_MACHINERY, line):
            yield line


def _package(package: PackageReading) -> Iterator[Fact]:
    for name in ("version", "release", "arch", "license", "url", "group", "summary", "description"):
        yield Fact(package.name, name, getattr(package, name), many=False)
    for kind, dependencies in package.dependencies.items():
        yield from (Fact(package.name, kind, text(dependency)) for dependency in dependencies)
    for scriptlet, found in package.scriptlets.items():
        yield Fact(package.name, f"%{scriptlet}", f"{found.interpreter}\n{found.text.strip()}", many=False)
    yield from (Fact(package.name, "file", line) for line in package.files)
    yield from (Fact(package.name, "file list", name) for name in package.file_lists)


def text(dependency: Dependency) -> str:
    """A dependency with the scriptlets that need it."""
    return f"{dependency.text} ({', '.join(dependency.when)})" if dependency.when else dependency.text
