"""A package with a definition: a folder under `specs/` with package.yaml, bodies, files and .changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath

import msgspec

from generator.definition.load import FILE, load
from generator.definition.model import Definition, SourceText
from generator.errors import InputError, Problem
from generator.origin import Edit
from generator.package.change import Change
from generator.render import render
from generator.sources import Sources
from generator.sources.edit import spliced

LARGEST = 4 * 1024 * 1024
"""Bytes; a definition's folder holds text that people write."""


class Defined(msgspec.Struct, frozen=True, dict=True):
    """A definition's folder, and those that it extends, in memory; every change is a new Defined."""

    name: str
    folders: Mapping[str, Mapping[str, SourceText]]
    settings: Mapping[str, str] = {}

    @classmethod
    def open(cls, folder: Path, shown: str, settings: Mapping[str, str], sibling: Callable[[str], Path]) -> Defined:
        """Read a definition's folder; `shown` is how messages name it, `sibling` finds those that it may extend.

        Raises:
            InputError: the folder, a file in it or a definition that it extends cannot be read.
        """
        folders = {folder.name: read_folder(folder, shown)}
        name = folder.name
        while (base := _extended(folders[name])) and base not in folders:
            other = sibling(base)
            if not (other / FILE).is_file():
                break
            folders[base] = read_folder(other, str(PurePosixPath(shown).parent / base))
            name = base
        return cls(folder.name, folders, settings)

    @cached_property
    def definition(self) -> Definition:
        """The definition as loaded.

        Raises:
            InputError: everything that is wrong with it.
        """
        return load(self.folders[self.name], self._parent, self.settings)

    @cached_property
    def _sources(self) -> Sources:
        return render(self.definition)

    def sources(self) -> Sources:
        """The files of the package, rendered.

        Raises:
            InputError: the definition or a template is wrong.
        """
        return self._sources

    @property
    def places(self) -> tuple[str, ...]:
        """The folders that it was read from, its own and those of the definitions that it extends."""
        files = [next(iter(folder.values())) for folder in self.folders.values()]
        return tuple(str(PurePosixPath(file.path).parent) for file in files)

    def _parent(self, name: str) -> Mapping[str, SourceText]:
        try:
            return self.folders[name]
        except KeyError:
            raise InputError(Problem(f"there is no definition '{name}' to extend")) from None

    def with_edits(self, edits: Iterable[Edit]) -> Defined:
        """The package after edits of the lines where facts were written: only those lines change.

        Raises:
            InputError: an edit is for a file that this package does not have, or for lines that are not there.
        """
        rest = list(edits)
        folders = {}
        for name, folder in self.folders.items():
            files = {}
            for key, file in folder.items():
                mine = [edit for edit in rest if str(edit.origin.path) == file.path]
                rest = [edit for edit in rest if edit not in mine]
                files[key] = msgspec.structs.replace(file, content=spliced(file.content, mine)) if mine else file
            folders[name] = files
        if rest:
            raise InputError(f"{rest[0].origin}: no file of {self.name}")
        return Defined(self.name, folders, self.settings)

    def changes_since(self, before: Defined) -> tuple[Change, ...]:
        """The files that differ from an earlier state of the same package, by path."""
        old = {file.path: file.content for folder in before.folders.values() for file in folder.values()}
        new = {file.path: file.content for folder in self.folders.values() for file in folder.values()}
        return tuple(
            Change(PurePosixPath(path), old.get(path), new.get(path))
            for path in sorted({*old, *new})
            if old.get(path) != new.get(path)
        )


def _extended(folder: Mapping[str, SourceText]) -> str:
    """The name after `extends:`, read without judging the rest of the file."""
    file = folder.get(FILE)
    for line in file.content.decode("utf-8", "replace").splitlines() if file else ():
        if line.startswith("extends:"):
            return line.removeprefix("extends:").partition(" #")[0].strip().strip("\"'")
    return ""


def read_folder(folder: Path, shown: str) -> dict[str, SourceText]:
    """The files of a definition's folder; links that leave it are refused.

    Raises:
        InputError: there is no such folder, or it holds what no definition holds.
    """
    if not (folder / FILE).is_file():
        raise InputError(f"{shown}: there is no {FILE} here")
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.endswith("~") or not path.is_file():
            continue
        place = f"{shown}/{path.name}"
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise InputError(f"{place} is a link out of the definition's folder", hint="put the file itself here")
        if path.stat().st_size > LARGEST:
            raise InputError(f"{place} is larger than 4 MiB", hint="an archive is declared external, not kept here")
        files[path.name] = SourceText(place, path.read_bytes())
    return files
