"""What a rendered %install makes: a real shell runs it, below a folder of its own."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from generator.reading import Reading
from generator.sources import Sources

PLACE = re.compile(r"/\S*/BUILD(?:ROOT/sample-[^/\"\s]+|/\S+?-build/BUILDROOT)")
SOURCES = re.compile(r"/\S*/SOURCES/")


def installed(reading: Reading, sources: Sources) -> dict[str, tuple[bytes, int]]:
    """Content and permissions by path; directories have no content, a link has where it leads to."""
    assert (reading.error, reading.log) == ("", ()), sources.spec.text
    with tempfile.TemporaryDirectory() as folder:
        root, given, work = (Path(folder) / name for name in ("root", "sources", "work"))
        for one in (root, given, work):
            one.mkdir()
        for file in sources.files.values():
            (given / file.name).write_bytes(file.content)
        commands = SOURCES.sub(f"{given}/", PLACE.sub(str(root), reading.install))
        script = f"set -e\numask 022\n{commands}"
        assert "BUILDROOT" not in script
        done = subprocess.run(["bash", "-c", script], cwd=work, capture_output=True, text=True, timeout=30)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), script
        assert not list(work.iterdir())  # nothing goes astray
        return {f"/{path.relative_to(root)}": _state(path) for path in root.rglob("*")}


def _state(path: Path) -> tuple[bytes, int]:
    if path.is_symlink():
        return str(path.readlink()).encode(), 0o777
    return path.read_bytes() if path.is_file() else b"", path.stat().st_mode & 0o7777
