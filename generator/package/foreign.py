"""A package whose spec is kept by hand: any package directory, osc checkout or git checkout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath

import msgspec

from generator.errors import InputError
from generator.origin import Edit
from generator.package.beside import FILE, Beside, read_beside
from generator.package.change import Change
from generator.package.disk import package_files, read_file
from generator.sources import SourceFile, Sources, UpstreamPatch, UpstreamTree
from generator.sources.edit import spliced
from generator.sources.spec import Spec


class Foreign(msgspec.Struct, frozen=True, dict=True):
    """A package directory in memory; every change is a new Foreign. `folder` is how messages name it."""

    name: str
    folder: str
    files: Mapping[str, SourceFile]
    beside: SourceFile | None = None

    @classmethod
    def open(cls, folder: Path, shown: str) -> Foreign:
        """Read a package directory; `shown` is how messages name it.

        Raises:
            InputError: there is no such directory, it has no spec, or a file in it is a link out of it.
            RefusalError: it cannot be read.
        """
        files = {name: read_file(name, path) for name, path in package_files(folder, shown)}
        specs = [name.removesuffix(".spec") for name in files if name.endswith(".spec")]
        beside = folder / FILE
        return cls(_name(folder, specs), shown, files, read_file(FILE, beside) if beside.is_file() else None)

    @property
    def places(self) -> tuple[str, ...]:
        """The folder that it was read from."""
        return (self.folder,)

    def path(self, name: str) -> PurePosixPath:
        """How messages name a file of the package."""
        return PurePosixPath(self.folder) / name

    @cached_property
    def specs(self) -> tuple[Spec, ...]:
        """The models of the package's spec files, the main one first."""
        plain = Sources(self.name, self.files)
        return tuple(Spec.parse(file.name, file.content) for file in plain.specs)

    @cached_property
    def _said(self) -> Beside:
        if self.beside is None:
            return Beside()
        return read_beside(self.beside.content, self.path(FILE), self._features)

    @cached_property
    def _features(self) -> tuple[str, ...]:
        found = {definition.name for spec in self.specs for definition in spec.definitions if definition.feature}
        return tuple(sorted(found))

    def sources(self) -> Sources:
        """The files of the package, and what its maintainer says about them.

        Raises:
            InputError: `.specgen.yaml` is wrong; every error of it.
        """
        said = self._said
        return Sources(
            name=self.name,
            files=dict(sorted(self.files.items())),
            externals=said.externals,
            expectations=said.expectations,
            waivers=said.waivers,
            targets=said.targets,
            features=tuple(dict.fromkeys([*self._features, *said.features])),
            upstream=tuple(
                UpstreamTree(tree, "", tuple(UpstreamPatch(patch) for patch, its in said.trees.items() if its == tree))
                for tree in dict.fromkeys(said.trees.values())
            ),
        )

    def with_edits(self, edits: Iterable[Edit]) -> Foreign:
        """The package after edits of lines; an edit names a file as `path` does, or by its name alone.

        Raises:
            InputError: an edit is for a file that this package does not have, or for lines that are not there.
        """
        known = {**self.files, **({FILE: self.beside} if self.beside else {})}
        by_name: dict[str, list[Edit]] = {}
        for edit in edits:
            path = edit.origin.path
            name = path.name if path == self.path(path.name) else str(path)
            if name not in known:
                raise InputError(f"{edit.origin}: no file of {self.name}")
            by_name.setdefault(name, []).append(edit)
        changed = {
            name: SourceFile(name, spliced(known[name].content, mine), executable=known[name].executable)
            for name, mine in by_name.items()
        }
        beside = changed.pop(FILE, self.beside)
        return Foreign(self.name, self.folder, {**self.files, **changed}, beside)

    def changes_since(self, before: Foreign) -> tuple[Change, ...]:
        """The files that differ from an earlier state of the same package, by path."""
        old, new = before._all, self._all
        return tuple(
            Change(self.path(name), _content(old.get(name)), _content(new.get(name)))
            for name in sorted({*old, *new})
            if old.get(name) is not new.get(name) and _content(old.get(name)) != _content(new.get(name))
        )

    @property
    def _all(self) -> dict[str, SourceFile]:
        return {**self.files, **({FILE: self.beside} if self.beside else {})}


def _content(file: SourceFile | None) -> bytes | None:
    return None if file is None else file.content


def _name(folder: Path, specs: list[str]) -> str:
    """The package's name: what osc noted, else that of its one spec, else the directory's."""
    noted = folder / ".osc" / "_package"
    if noted.is_file():
        name = noted.read_text("utf-8", "replace").strip()
        if name:
            return name
    return specs[0] if len(specs) == 1 else folder.resolve().name
