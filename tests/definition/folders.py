"""Definitions in memory, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from generator.definition.load import load
from generator.definition.model import Definition, SourceText
from generator.errors import InputError, Problem
from generator.render import render
from generator.sources import Sources

SPECS = Path(__file__).parents[2] / "specs"

CHANGES = """\
-------------------------------------------------------------------
Mon Jan 13 09:30:00 UTC 2025 - specgen <specgen@example.org>

- Begin.
"""

SMALLEST = """\
name: sample
version: 1.0
summary: Something
description: Words.
license: MIT
targets: [tumbleweed]
trees:
  sample: {archive: sample-1.0.tar.gz}
"""


def folder(name: str, files: Mapping[str, str | bytes]) -> dict[str, SourceText]:
    """A definition's folder of these files."""
    return {
        key: SourceText(f"specs/{name}/{key}", content.encode() if isinstance(content, str) else content)
        for key, content in files.items()
    }


def definition(text: str, files: Mapping[str, str | bytes] | None = None, **others: str) -> Definition:
    """The definition in `text`, with other files in its folder; `others` are definitions that it may extend."""
    return load(folder("sample", {"package.yaml": text, "sample.changes": CHANGES, **(files or {})}), _parent(others))


def _parent(others: Mapping[str, str]):
    def parent(name: str):
        if name not in others:
            raise InputError(Problem(f"there is no definition '{name}' to extend"))
        return folder(name, {"package.yaml": others[name]})

    return parent


def rendered(text: str, files: Mapping[str, str | bytes] | None = None, **others: str) -> Sources:
    """What the definition in `text` renders to."""
    return render(definition(text, files, **others))


def spec(text: str, files: Mapping[str, str | bytes] | None = None, **others: str) -> str:
    """The rendered spec of the definition in `text`."""
    return rendered(text, files, **others).spec.text


def problems(text: str, files: Mapping[str, str | bytes] | None = None, **others: str) -> list[tuple[int, str]]:
    """Everything that is wrong with a definition: the line, and what is said."""
    try:
        rendered(text, files, **others)
    except InputError as error:
        return [(problem.origin.line if problem.origin else 0, str(problem)) for problem in error.problems]
    return []


def own_folder(name: str) -> dict[str, SourceText]:
    """A folder under specs/, read."""
    return {
        path.name: SourceText(f"specs/{name}/{path.name}", path.read_bytes())
        for path in sorted((SPECS / name).iterdir())
    }
