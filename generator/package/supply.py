"""External files from a folder: patches are read, archives only have to be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from generator.sources import SourceFile, Sources

PATCHES = (".patch", ".diff", ".dif")


@dataclass(frozen=True)
class Supply:
    """Sources completed with what a folder has, and where each external file was found."""

    sources: Sources
    paths: Mapping[str, Path]


def supplied(sources: Sources, folder: Path) -> Supply:
    """Take the external files that the folder has."""
    paths = {external.name: folder / external.name for external in sources.externals}
    paths = {name: path for name, path in paths.items() if path.is_file()}
    files = dict(sources.files)
    for name, path in paths.items():
        files[name] = SourceFile(name, path.read_bytes() if name.endswith(PATCHES) else b"")
    externals = tuple(external for external in sources.externals if external.name not in paths)
    return Supply(replace(sources, files=dict(sorted(files.items())), externals=externals), paths)
