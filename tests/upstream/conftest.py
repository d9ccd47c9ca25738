"""Debian's real sources as fixtures; a test that the registry refuses its source to is skipped, and the run says so."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable
from functools import cache

import pytest

from generator.upstream.archive import read_tree
from generator.upstream.tree import Tree
from tests.upstream import debian


@cache
def _read(package: str, suite: str, version: str, component: str) -> Tree:
    tree = read_tree(debian.source(package, suite, version, component))
    return tree.without_top()  # Debian's docker.io has the engine in a folder of its own


@pytest.fixture(scope="session")
def debian_tree() -> Callable[..., Tree]:
    """The tree of an upstream archive in Debian: package, suite, upstream version, component."""

    def tree(package: str, suite: str, version: str, component: str = "orig") -> Tree:
        with debian.or_skip():
            return _read(package, suite, version, component)

    return tree


@pytest.fixture(scope="session")
def gofmt() -> Callable[[bytes], bytes]:
    """What Go's formatter makes of a file: Debian's, or the machine's own where the registry does not give that."""
    program = shutil.which("gofmt")
    with debian.or_skip() if program is None else contextlib.suppress(debian.RefusedError):
        program = str(debian.unpacked("trixie", "golang-1.24-go") / "usr/lib/go-1.24/bin/gofmt")

    def formatted(content: bytes) -> bytes:
        return subprocess.run([program], input=content, capture_output=True, check=True).stdout

    return formatted
