"""openSUSE's configuration of rpmlint, which only the source distribution of the same version has."""

import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def configuration() -> Path:
    """Its folder, kept in the checkout's cache and never committed.

    Raises:
        LookupError: the source distribution cannot be had, or has no such configuration.
    """
    folder = ROOT / ".cache" / f"rpmlint-{version('rpmlint')}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
        command += ["--no-binary", ":all:", "--no-deps", "-d", work, f"rpmlint=={version('rpmlint')}"]
        got = subprocess.run(command, capture_output=True, text=True, timeout=300)
        archives = list(Path(work).glob("*.tar.gz"))
        if not archives:
            raise LookupError(f"the source distribution of rpmlint: {got.stderr[-500:]}")
        made = Path(work) / "openSUSE"
        made.mkdir()
        with tarfile.open(archives[0]) as archive:
            for member in archive:
                content = archive.extractfile(member) if "/configs/openSUSE/" in member.name else None
                if content:
                    (made / Path(member.name).name).write_bytes(content.read())
        if not list(made.glob("*.toml")):
            raise LookupError("configs/openSUSE in the source distribution of rpmlint")
        try:
            made.rename(folder)
        except OSError:
            assert folder.is_dir()  # another run was first
    return folder
