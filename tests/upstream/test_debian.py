from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.upstream import debian


@pytest.mark.parametrize(
    "ask",
    [
        lambda: debian.source("hello", "sid", "1"),
        lambda: debian.build_dependencies("sid", "hello"),
        lambda: debian.unpacked("sid", "hello"),
    ],
    ids=["a source", "build dependencies", "packages"],
)
def test_one_process_at_a_time_asks_apt(
    ask: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that update the same lists are in each other's way, and what is tested with them is left out."""

    def environment(suite: str) -> dict[str, str]:
        with (tmp_path / "lock").open("w") as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        raise debian.RefusedError("asked alone")

    monkeypatch.setattr(debian, "CACHE", tmp_path)
    monkeypatch.setattr(debian, "_environment", environment)
    with pytest.raises(debian.RefusedError, match="asked alone"):
        ask()
