"""docs/definition.md: every key and kind has its word, and every example is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from generator.components.entry import Entry
from generator.components.kind import kinds
from generator.definition.convert import fields
from generator.definition.load import Folder, load
from generator.definition.model import Head

from .folders import SMALLEST, SPECS, folder

TEXT = (Path(__file__).parents[2] / "docs" / "definition.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)

# What the examples speak of and do not bring themselves.
GROUND = f"""\
{SMALLEST}\
  engine: {{archive: engine-1.0.tar.gz, source: 8}}
options:
  secrets: {{choices: [spec, engine], default: spec}}
features:
  buildx: always
packages:
  buildx: {{summary: A plugin, description: Words.}}
"""


def entries(wanted: Any) -> Iterator[type[Entry]]:
    """The structs in a type, those in their fields too."""
    if isinstance(wanted, type) and issubclass(wanted, Entry):
        yield wanted
        for _, kind in fields(wanted).values():
            yield from entries(kind)
    for inner in get_args(wanted):
        yield from entries(inner)


STRUCTS = sorted(
    {*entries(Head), *(one for kind in kinds() for one in entries(kind.type))}, key=lambda one: one.__name__
)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_key_is_mentioned(struct: type[Entry]) -> None:
    assert [key for key in fields(struct) if not re.search(rf"`{re.escape(key)}[`:]", TEXT)] == []


@pytest.mark.parametrize("key", [kind.key for kind in kinds()])
def test_every_kind_has_a_section_with_an_example(key: str) -> None:
    section = TEXT.partition(f"\n### `{key}`\n")[2].partition("\n##")[0]
    assert re.search(rf"^```yaml\n{key}:", section, re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.partition(":")[0])
def test_every_example_is_right(example: str) -> None:
    def parent(name: str) -> Folder:
        if name == "ground":
            return folder(name, {"package.yaml": GROUND})
        return folder(name, {path.name: path.read_bytes() for path in (SPECS / name).iterdir()})

    whole = example.startswith(("name:", "extends:"))
    text = example if whole else f"extends: ground\n{example}"
    assert load(folder("sample", {"package.yaml": text}), parent).head.name
