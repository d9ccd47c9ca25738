"""Views made by hand, for what needs no librpm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.reading import Dependency, PackageReading, Reading, View
from generator.sources import SourceFile, Sources
from generator.targets import Target

SPEC = "Name: docker\nVersion: 1\nRelease: 0\n%description\n%changelog\n"


def target(name: str, *capabilities: str, **macros: str) -> Target:
    return Target(name, name.title(), "4.14.3", macros, "", frozenset(capabilities))


def package(name: str = "docker", **fields: Any) -> PackageReading:
    empty = dict.fromkeys(("version", "release", "arch", "license", "url", "group", "summary", "description"), "")
    given = {"dependencies": {}, "scriptlets": {}, "files": (), **empty, "version": "1", **fields}
    return PackageReading(name=name, **given)


def requires(*texts: str) -> Mapping[str, tuple[Dependency, ...]]:
    return {"requires": tuple(Dependency(text) for text in texts)}


def reading(target: str, *packages: PackageReading, **fields: Any) -> Reading:
    given = {"spec": "docker.spec", "name": "docker", "version": "1", **fields}
    return Reading(target=target, packages=packages or (package(),), **given)


def sources(files: Mapping[str, str] | None = None, **fields: Any) -> Sources:
    given = {"docker.spec": SPEC} if files is None else files
    return Sources("docker", {name: SourceFile(name, text.encode()) for name, text in given.items()}, **fields)


def view(*readings: Reading, of: Sources | None = None, against: View | None = None) -> View:
    targets = {reading.target: target(reading.target) for reading in readings}
    return View(of or sources(), readings, targets, against)
