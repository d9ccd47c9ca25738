from __future__ import annotations

import shlex
from pathlib import PurePosixPath

import pytest

from generator.definition.model import SourceText
from generator.errors import InputError
from generator.librpm import Librpm
from generator.origin import Origin, Text
from generator.package.defined import Defined
from generator.render.lines import paragraphs
from generator.targets import load

CHANGES = b"""-------------------------------------------------------------------
Mon Jan 13 09:30:00 UTC 2025 - A <a@example.org>

- x
"""
HEAD = """name: sample
version: "1"
summary: A sample
description: Prose.
license: MIT
targets: [sle15]
trees: {main: {archive: sample-1.tar.xz}}
"""


def _defined(more: str) -> Defined:
    files = {"package.yaml": (HEAD + more).encode(), "sample.changes": CHANGES}
    return Defined("sample", {"sample": {name: SourceText(name, content) for name, content in files.items()}})


@pytest.mark.parametrize("description", ["50% of %{name}", 'it\'s "so" \\ 100%%', "%(touch /tmp/x)"])
def test_an_account_keeps_its_description_in_the_script(description: str) -> None:
    user = f"{{name: someone, description: {_yaml(description)}}}"
    sources = _defined(f"accounts: {{sample: {{form: script, users: [{user}]}}}}\n").sources()
    with Librpm.start() as librpm:
        (reading,) = librpm.read(sources, [load("sle15")]).readings
    words = shlex.split(reading.packages[0].scriptlets["pre"].text.replace("\\\n", " "), comments=True)
    assert words[words.index("-c") + 1] == description


def _yaml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize("prose", ["# first", "One.\n\n# second", "  # indented"])
def test_a_paragraph_that_rpm_would_take_for_a_comment_is_refused_with_its_line(prose: str) -> None:
    with pytest.raises(InputError) as caught:
        paragraphs(Text(prose, Origin(PurePosixPath("package.yaml"), 7)))
    assert "package.yaml:7: " in str(caught.value)


def test_a_number_sign_within_a_paragraph_is_kept() -> None:
    assert paragraphs("One of\n# two") == ["One of # two"]
