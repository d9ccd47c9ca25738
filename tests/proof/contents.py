"""What the files beside the spec say: units, rules, sysconfig, accounts, configuration, the service file.

Their comments and descriptions are the packager's own words, so descriptions count as given or missing. README and
.changes are prose throughout and not read here.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from tests.proof.facts import Table, counted

DATA = Path(__file__).parents[1] / "data" / "contents"
PROSE = ("Description", "Documentation")
#: Facts about files hold on every target.
CASE = ("every target", "default")


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith(("#", ";")):
            yield " ".join(line.split())


def unit(text: str) -> Iterator[str]:
    """Settings of a systemd unit, with the section they stand in."""
    section = "no section"
    for line in _lines(text):
        if line.startswith("["):
            section = line
            yield f"{section} | begins"
        else:
            key, _, value = line.partition("=")
            yield f"{section} | {key} = {'given' if key.strip() in PROSE and value.strip() else value}"


def rules(text: str) -> Iterator[str]:
    """Rules of udev or audit, lines of tmpfiles.d: one a line."""
    for line in _lines(text):
        yield re.sub(r"\s*,\s*", ", ", line)


def sysconfig(text: str) -> Iterator[str]:
    """Metadata and variables of a sysconfig template, each with the variable it belongs to."""
    metadata: list[str] = []
    for line in text.splitlines():
        if found := re.match(r"##\s*(\w+)\s*:\s*(.*)", line):
            metadata.append(f"{found[1]} = {'given' if found[1] in PROSE and found[2].strip() else found[2].strip()}")
        elif found := re.match(r"(\w+)=(.*)", line):
            yield from (f"{found[1]} | {fact}" for fact in (*metadata, f"value = {found[2]}"))
            metadata = []
    yield from (f"no variable | {fact}" for fact in metadata)


def sysusers(text: str) -> Iterator[str]:
    """Lines of a sysusers.d file; fields at the end that say nothing are left out."""
    for line in _lines(text):
        fields = shlex.split(line)
        while fields[-1] == "-":
            fields.pop()
        yield " | ".join(fields)


def configuration(text: str) -> Iterator[str]:
    """Values of a JSON file, by their path in it."""

    def walk(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from walk(inner, f"{path}.{key}" if path else key)
        else:
            yield f"{path} = {json.dumps(value)}"

    return walk(json.loads(text), "")


def service(text: str) -> Iterator[str]:
    """Steps of a _service file, in their order."""
    for number, step in enumerate(ET.fromstring(text), 1):  # noqa: S314  # our own file, or the reference
        name = f"step {number}: {step.get('name')}"
        yield f"{name} | mode {step.get('mode')}"
        for parameter in step:
            yield f"{name} | {parameter.get('name')} = {(parameter.text or '').strip()}"


READERS: dict[str, Callable[[str], Iterator[str]]] = {
    "*.service": unit,
    "*.socket": unit,
    "*-audit.rules": rules,
    "*docker.rules": rules,
    "sysconfig.*": sysconfig,
    "*.sysusers": sysusers,
    "*.tmpfiles": rules,
    "*.json": configuration,
    "_service": service,
}


def read(directory: Path) -> Table:
    """The facts of all files of a package directory that have a reader."""
    found = [
        f"{path.name} | {fact}"
        for pattern, reader in READERS.items()
        for path in sorted(directory.glob(pattern))
        for fact in reader(path.read_text())
    ]
    return {CASE: counted(found)}
