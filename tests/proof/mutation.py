"""Every line counts: a rendered package that lacks one line of what a component contributed is proven wrong.

Proofs come in the order of their price: the files beside the spec, librpm's facts (the package's own and under its
twin's name), hollow builds. What none of them sees is a line that could be left out, or a hole in
the proofs. Comments and blank lines do not count; comparing with an earlier rendering would not count either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from generator.package.defined import Defined
from generator.render.assembly import Assembly
from generator.sources import SourceFile
from tests.proof import contents, contract, hollow, readme
from tests.proof.facts import Case, Table, differences
from tests.proof.packages import FEATURES, SPECS, defined, read_twins, targets
from tests.proof.reference import Reference


@dataclass(frozen=True)
class Removal:
    """A package without one line: the component that contributed it, the file, the line counted from 1, its text."""

    package: str
    component: str
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.component}: {self.file}:{self.line}: {self.text}"

    def directory(self, original: Path, folder: Path) -> Path:
        """A copy of the package directory without the line; files are links but for the one that differs."""
        copy = folder / f"{self.file}-{self.line}"
        copy.mkdir()
        for path in original.iterdir():
            if path.name != self.file:
                (copy / path.name).symlink_to(path)
        lines = (original / self.file).read_text().splitlines(keepends=True)
        del lines[self.line - 1]
        (copy / self.file).write_text("".join(lines))
        return copy


def _counts(file: SourceFile, text: str) -> bool:
    """Whether a line is neither blank nor a comment; `##` in a sysconfig template is metadata."""
    if file.name.startswith("sysconfig.") and re.match(r"##\s*\w+\s*:", text):
        return True
    comment = not file.name.endswith((".md", ".json")) and text.lstrip().startswith(("#", ";"))
    return bool(text.strip()) and not comment


def removals(name: str, settings: Mapping[str, str]) -> Iterator[Removal]:
    """Every line that a component contributed to the files of the package, rendered with these settings."""
    yield from contributed(defined(name, settings))


def contributed(package: Defined) -> Iterator[Removal]:
    """The same of any definition."""
    name = str(package.definition.head.name)
    brought = {source.name: kind for _, source, kind in Assembly.of(package.definition).sources}
    for file in package.sources().files.values():
        kinds = file.kinds or ("",) * len(file.lines)
        for number, (text, kind) in enumerate(zip(file.lines, kinds, strict=True), 1):
            component = kind or brought.get(file.name, "")
            if component and _counts(file, text):
                yield Removal(name, component, file.name, number, text)


class Proofs:
    """All proofs of one package, against the reference facts of the real one."""

    def __init__(self, name: str, expected: Reference, original: Path, folder: Path) -> None:
        """`original` is the rendered package, `folder` takes the copies."""
        self.name, self.original, self.folder = name, original, folder
        self.template = (SPECS / "docker" / "README_SUSE.md.j2").read_text()
        self.expected = expected
        own = contract.read_contracts({name: original / f"{name}.spec"}, targets(), ())[name]
        self.declared = contract.declared(own)

    def unseen(self, removed: Iterable[Removal]) -> tuple[list[Removal], dict[str, int]]:
        """The removals that nothing sees, and how many each proof saw."""
        rest = {removal: removal.directory(self.original, self.folder) for removal in removed}
        count: dict[str, int] = {}
        for title, proof in (
            ("files", self._by_files),
            ("contract", self._by_contract),
            ("twin", self._by_twin),
            ("hollow build", self._by_builds),
            ("contract in every state", self._by_features),
        ):
            seen = proof(rest)
            count[title] = len(seen)
            rest = {removal: directory for removal, directory in rest.items() if removal not in seen}
        return list(rest), count

    def _by_files(self, rest: Mapping[Removal, Path]) -> set[Removal]:
        seen = set()
        for removal, directory in rest.items():
            if removal.file.endswith(".md"):
                if readme.unsaid(self.name, self.template, (directory / removal.file).read_text()):
                    seen.add(removal)
            elif not removal.file.endswith(".spec") and differences(self.expected.contents, _read(directory)):
                seen.add(removal)
        return seen

    def _read_specs(self, rest: Mapping[Removal, Path], features: Iterable[str]) -> dict[Removal, Table]:
        """Read the specs of all removals, in two processes."""
        specs = [(r, directory) for r, directory in rest.items() if r.file.endswith(".spec")]
        features = tuple(features)

        def read(part: list[tuple[Removal, Path]]) -> dict[Removal, Table]:
            named = {str(number): directory / removal.file for number, (removal, directory) in enumerate(part)}
            tables = contract.read_contracts(named, targets(), features)
            return {removal: tables[str(number)] for number, (removal, _) in enumerate(part)}

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(read, (specs[::2], specs[1::2]))
        return first | second

    def _by_contract(self, rest: Mapping[Removal, Path]) -> set[Removal]:
        expected = {case: facts for case, facts in self.expected.contract.items() if case[1] == "default"}
        return {removal for removal, table in self._read_specs(rest, ()).items() if table != expected}

    def _by_features(self, rest: Mapping[Removal, Path]) -> set[Removal]:
        return {
            removal for removal, table in self._read_specs(rest, FEATURES).items() if table != self.expected.contract
        }

    def _by_twin(self, rest: Mapping[Removal, Path]) -> set[Removal]:
        seen = set()
        for removal, directory in rest.items():
            if removal.component == "twin" and removal.file.endswith(".spec"):
                spec = directory / removal.file
                if read_twins({self.name: spec})[self.name] != self.expected.twin:
                    seen.add(removal)
        return seen

    def _by_builds(self, rest: Mapping[Removal, Path]) -> set[Removal]:
        seen: set[Removal] = set()
        named = {target.name: target for target in targets()}
        for where in ("tumbleweed", "sle15", "sle12"):
            left = [removal for removal in rest if removal not in seen]
            builds: dict[Case, hollow.Build] = {
                (str(number), "default"): hollow.Build(rest[removal], named[where])
                for number, removal in enumerate(left)
            }
            made = hollow.build_all(builds, self.declared)
            expected = self.expected.builds[where, "default"]
            seen |= {removal for number, removal in enumerate(left) if made[str(number), "default"] != expected}
        return seen


def _read(directory: Path) -> Table:
    """The contents; a file that cannot be read any more says so."""
    try:
        return contents.read(directory)
    except ValueError as error:
        return {contents.CASE: frozenset({f"unreadable: {error}"})}
