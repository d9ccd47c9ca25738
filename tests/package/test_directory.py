from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.errors import InputError, RefusalError
from generator.package.directory import write
from generator.sources import SourceFile, Sources

ROOT = Path(__file__).parents[2]
SPECGEN = (sys.executable, "-m", "generator.cli.main")


def package(**files: bytes) -> Sources:
    made = {name.replace("__", "."): content for name, content in files.items()}
    return Sources("sample", {name: SourceFile(name, content) for name, content in made.items()})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".specgen-")}


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".specgen-")]


class Renderer:
    """Renders docker into a directory that holds an older state of every file, and a file of somebody else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        script = [sys.executable, str(Path(__file__).parent / "killed.py"), str(folder), str(ROOT / "specs/docker")]
        environment = {**os.environ, "SPECGEN_SPECS": str(ROOT / "specs"), "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(script, env=environment, cwd=folder.parent, stdin=pipe, stdout=pipe, text=True)
        assert self.finish() == 0
        self.new = contents(folder)
        self.old = {name: b"old\n" + content for name, content in self.new.items()}

    def begin(self, step: int) -> int:
        """Start to render; the pid of the process."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{step}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> int:
        assert self.process.stdout
        return int(self.process.stdout.readline())

    def finish(self, step: int = 0) -> int:
        self.begin(step)
        return self.end()

    def reset(self) -> None:
        for name, content in self.old.items():
            (self.folder / name).write_bytes(content)
        (self.folder / "mine.txt").write_bytes(b"mine")

    def whole(self) -> list[bool]:
        """Whether each file is new already; each is old or new, and the others are as they were."""
        found = contents(self.folder)
        assert found.pop("mine.txt") == b"mine"
        assert set(found) == set(self.old)
        for name, content in found.items():
            assert content in (self.old[name], self.new[name]), name
        return [content == self.new[name] for name, content in found.items()]

    def mended(self) -> None:
        """A second run finishes the work of one that was killed."""
        assert self.finish() == 0
        assert all(self.whole())
        assert leftovers(self.folder) == []


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renderer]:
    made = Renderer(tmp_path_factory.mktemp("killed") / "docker")
    yield made
    made.process.stdin.close()
    assert made.process.wait(20) == 0
    made.process.stdout.close()


def test_killed_before_any_step(renderer: Renderer) -> None:
    done, left, step = set(), 0, 1
    while True:
        renderer.reset()
        ended = renderer.finish(step)
        done.add(sum(renderer.whole()))
        left += len(leftovers(renderer.folder))
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        if step % 4 == 0:  # a second run takes longer than all others
            renderer.mended()
        step += 1
    assert done == set(range(len(renderer.new) + 1)), "killed between every two files"
    assert left, "killed between writing and renaming"
    assert step > 2 * len(renderer.new)


def test_killed_at_random_moments(renderer: Renderer) -> None:
    renderer.reset()
    began = time.monotonic()
    assert renderer.finish() == 0
    longest = time.monotonic() - began
    chance = random.Random(20250113)
    killed = 0
    for _ in range(25):
        renderer.reset()
        child = renderer.begin(0)
        time.sleep(chance.uniform(0.0, 1.1) * longest)
        with contextlib.suppress(ProcessLookupError):  # it was quicker, and has ended
            os.kill(child, signal.SIGKILL)
        killed += renderer.end() == -signal.SIGKILL
        renderer.whole()
    assert killed > 5
    renderer.mended()


def test_a_link_is_replaced_not_written_through(tmp_path: Path) -> None:
    folder, elsewhere, other = tmp_path / "sample", tmp_path / "elsewhere", tmp_path / "other"
    folder.mkdir()
    elsewhere.write_bytes(b"theirs")
    other.write_bytes(b"as rendered")
    (folder / "sample.spec").symlink_to(elsewhere)
    (folder / "same").symlink_to(other)
    (folder / "dangling").symlink_to(tmp_path / "nowhere")
    report = write(package(sample__spec=b"ours", same=b"as rendered", dangling=b"new"), folder)
    assert report.written == ["sample.spec", "same", "dangling"]
    assert not any(path.is_symlink() for path in folder.iterdir())
    assert contents(folder) == {"sample.spec": b"ours", "same": b"as rendered", "dangling": b"new"}
    assert (elsewhere.read_bytes(), other.read_bytes()) == (b"theirs", b"as rendered")
    assert not (tmp_path / "nowhere").exists()


def test_a_link_in_the_place_of_a_supplied_file_is_replaced(tmp_path: Path) -> None:
    folder, supplied = tmp_path / "sample", tmp_path / "a.tar.gz"
    folder.mkdir()
    supplied.write_bytes(b"archive")
    (folder / "a.tar.gz").symlink_to(supplied)
    assert write(package(), folder, {"a.tar.gz": supplied}).written == ["a.tar.gz"]
    assert not (folder / "a.tar.gz").is_symlink()
    assert supplied.read_bytes() == (folder / "a.tar.gz").read_bytes() == b"archive"
    assert write(package(), folder, {"a.tar.gz": supplied}).unchanged == ["a.tar.gz"]


def test_a_directory_that_is_a_link_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(package(a=b"1"), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real/a").read_bytes() == b"1"


@pytest.mark.parametrize("where", ["file", "file/below", "nowhere"])
def test_what_is_no_directory_is_told(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_bytes(b"theirs")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match="is not a directory"):
        write(package(a=b"1"), tmp_path / where)
    assert (tmp_path / "file").read_bytes() == b"theirs"


def test_a_directory_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    for name in ("b", "supplied"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "theirs").write_bytes(b"theirs")
    archive = tmp_path / "archive"
    archive.write_bytes(b"archive")
    for sources, supplied, name in (
        (package(a=b"1", b=b"2"), {}, "b"),
        (package(a=b"1"), {"supplied": archive}, "supplied"),
    ):
        with pytest.raises(RefusalError) as caught:
            write(sources, tmp_path, supplied)
        assert str(caught.value).startswith(f"{tmp_path / name} cannot be written: ")
        assert (tmp_path / "a").read_bytes() == b"1"
        assert (tmp_path / name / "theirs").read_bytes() == b"theirs"
        assert leftovers(tmp_path) == []


def test_a_supplied_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match=r"gone\.tar cannot be read"):
        write(package(), tmp_path / "sample", {"gone.tar": tmp_path / "gone.tar"})


@pytest.mark.parametrize("name", ["a/b", "../a", "/etc/a", "..", ".", ""])
def test_names_do_not_leave_the_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="is no name for a file of a package"):
        write(Sources("sample", {name: SourceFile(name, b"1")}), tmp_path / "sample")
    assert list(tmp_path.rglob("a")) == []


def test_a_directory_without_permission_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "docker"
    folder.mkdir()
    (folder / "docker.spec").write_bytes(b"theirs")
    folder.chmod(0o555)
    # the rights of files count for root, too, once it has given up its capabilities
    bounded = ["setpriv", "--bounding-set=-all", "--"] if os.geteuid() == 0 else []
    environment = {**os.environ, "SPECGEN_SPECS": str(ROOT / "specs"), "PYTHONPATH": str(ROOT)}
    command = [*bounded, *SPECGEN, "render", str(ROOT / "specs/docker"), "-o", str(folder)]
    for into in (folder, folder / "below"):
        command[-1] = str(into)
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        assert "cannot be written: Permission denied" in done.stderr
        assert ".specgen-" not in done.stderr
    folder.chmod(0o755)
    assert contents(folder) == {"docker.spec": b"theirs"}
