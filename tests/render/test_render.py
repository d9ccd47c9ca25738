"""Rendering depends on the definition alone, and the rendered trees are known.

`pytest tests/render/test_render.py --update-goldens` writes what is rendered now into tests/goldens.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator.cli.application import Application
from generator.package.directory import write
from generator.sources import Sources

ROOT = Path(__file__).parents[2]
GOLDENS = ROOT / "tests" / "goldens"
PACKAGES = ("docker", "docker-stable")

DIGEST = """
import hashlib, sys
from pathlib import Path
from generator.cli.application import Application
files = Application(Path("specs")).package(sys.argv[1]).sources().files
digest = hashlib.sha256()
for name, file in files.items():
    digest.update(name.encode() + b"\\0" + file.content + repr(file.origins).encode() + repr(file.kinds).encode())
print(digest.hexdigest())
loaded = [name for name in ("rpm", "osc", "requests", "urllib.request") if name in sys.modules]
print(*loaded)
"""


def sources(name: str) -> Sources:
    return Application(ROOT / "specs").package(name).sources()


def digest(files: Sources) -> str:
    found = hashlib.sha256()
    for name, file in files.files.items():
        found.update(name.encode() + b"\0" + file.content + repr(file.origins).encode() + repr(file.kinds).encode())
    return found.hexdigest()


@pytest.mark.parametrize("name", PACKAGES)
def test_the_rendered_tree_is_the_known_one(name: str, request: pytest.FixtureRequest) -> None:
    golden = GOLDENS / name
    files = sources(name).files
    if request.config.getoption("--update-goldens"):
        for old in golden.glob("*"):
            old.unlink()
        write(sources(name), golden)
    assert {path.name for path in golden.iterdir()} == set(files)
    for file in files.values():
        assert file.text.splitlines() == (golden / file.name).read_text("utf-8").splitlines(), file.name


@pytest.mark.parametrize("name", PACKAGES)
def test_every_line_but_blank_ones_has_an_origin(name: str) -> None:
    for file in sources(name).files.values():
        assert len(file.origins) == len(file.lines), file.name
        assert [line for line, origin in zip(file.lines, file.origins, strict=True) if line and not origin] == []
        if file.kinds:
            assert len(file.kinds) == len(file.lines)


def test_two_renders_give_the_same_bytes_in_any_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    expected = digest(Application(Path("specs")).package("docker").sources())
    assert digest(Application(Path("specs")).package("docker").sources()) == expected
    for seed in ("0", "1", "4711"):
        command = [sys.executable, "-c", DIGEST, "docker"]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C", "TZ": "Asia/Tokyo"}
        run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60)
        found, loaded = run.stdout.split("\n")[:2]
        assert (found, loaded) == (expected, "")  # neither rpm nor osc nor anything of the network
