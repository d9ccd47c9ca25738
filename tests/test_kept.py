"""Files that save time: the whole of one or nothing, in the first place that can be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator import kept


def test_beside_the_bytecode_or_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kept.places("n", "/x/__pycache__/a.pyc") == ("/x/__pycache__/n", f"{tmp_path}/specgen/n")
    assert kept.places("n", None) == (f"{tmp_path}/specgen/n",)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert kept.places("n", "/x/__pycache__/a.pyc") == (f"{tmp_path}/specgen/n",)
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", "/h")
    assert kept.cache() == "/h/.cache/specgen"


@pytest.mark.parametrize("values", [{"XDG_CACHE_HOME": "c"}, {"XDG_CACHE_HOME": "", "HOME": "~"}])
def test_no_cache_in_the_directory_where_one_happens_to_be(
    values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert kept.cache() is None
    assert kept.places("n", None) == ()


def test_only_the_newest_stay(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"{number}.modules").write_text("")
        os.utime(tmp_path / f"{number}.modules", ns=(number, number))
    (tmp_path / "other").write_text("")
    kept.forget(str(tmp_path), ".modules", 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["4.modules", "5.modules", "other"]
    kept.forget(str(tmp_path / "missing"), ".modules", 2)


def test_the_first_place_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "taken").mkdir()
    paths = [tmp_path / "file" / "n", tmp_path / "taken", tmp_path / "a" / "b" / "n", tmp_path / "n"]
    kept.keep(b"content", iter(map(str, paths)))
    assert paths[2].read_bytes() == b"content"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "file", "n", "taken"]


def test_what_others_can_write_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "n"
    before = os.umask(0)
    try:
        kept.keep(b"content", iter([str(path)]))
    finally:
        os.umask(before)
    assert kept.is_trusted(path.stat())
    path.chmod(0o664)
    assert not kept.is_trusted(path.stat())
    path.chmod(0o602)
    assert not kept.is_trusted(path.stat())
    if os.geteuid() == 0:
        path.chmod(0o600)
        os.chown(path, 1000, 1000)
        assert not kept.is_trusted(path.stat())


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "n").write_bytes(b"old")
    program = "import sys; from generator import kept; kept.keep(b'x' * 100000, iter([sys.argv[1]]))"
    subprocess.run(
        ["bash", "-c", 'ulimit -f 10; trap "" XFSZ; exec "$@"', "-", sys.executable, "-c", program, tmp_path / "n"],
        check=True,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["n"]
    assert (tmp_path / "n").read_bytes() == b"old"


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(kept.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kept.keep(b"content", iter([str(tmp_path / "n")]))
    assert list(tmp_path.iterdir()) == []
