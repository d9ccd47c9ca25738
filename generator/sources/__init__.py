"""Sources: the files of a package directory, the one thing that rules, diffs and submissions see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec

from generator.condition import Condition
from generator.errors import InputError
from generator.origin import Origin


@dataclass(frozen=True)
class SourceFile:
    """One file of a package directory.

    `origins` holds one entry per line of `content` where it is known which fact a line came from; it is empty for a
    file that is its own origin (a spec kept by hand). `kinds` tells, line by line, which kind of component contributed
    it; empty strings stand for the definition itself.
    """

    name: str
    content: bytes
    origins: tuple[Origin | None, ...] = ()
    executable: bool = False
    kinds: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The size in bytes; asking for it does not read a large file."""
        return len(self.content)

    @cached_property
    def text(self) -> str:
        """The content as text; bytes that are not UTF-8 survive as surrogates."""
        return self.content.decode("utf-8", "surrogateescape")

    @cached_property
    def lines(self) -> tuple[str, ...]:
        r"""The lines of the text without their ends; only `\n`, and a `\r` before it, ends a line."""
        lines = self.text.split("\n")
        last = lines.pop()
        return (*(line.removesuffix("\r") for line in lines), *([last] if last else []))

    def origin(self, line: int) -> Origin | None:
        """Where line `line`, counted from 1, was written; None where the file itself is the origin."""
        return self.origins[line - 1] if 0 < line <= len(self.origins) else None


class External(msgspec.Struct, frozen=True):
    """A file that the package declares and that is not ours: an archive, a distribution's patch."""

    name: str
    origin: Origin | None = None


class Expectation(msgspec.Struct, frozen=True):
    """A unit test of packaging: where `on` holds, `fact` is so (or, with `present` false, is not).

    A fact is `PACKAGE`, `PACKAGE requires|recommends|suggests|supplements|provides|conflicts|obsoletes DEPENDENCY`,
    `PACKAGE has /PATH` or `patch NAME`; `%{name}` stands for the main package's name.
    """

    fact: str
    present: bool = True
    on: Condition | None = None
    because: str = ""
    origin: Origin | None = None


class Mention(msgspec.Struct, frozen=True):
    """A fact of the definition that one of the package's own texts tells, and how often it does."""

    file: str
    text: str
    times: int
    origin: Origin | None = None


class Waiver(msgspec.Struct, frozen=True):
    """A rule that does not apply here, with the reason; `match` narrows it to messages and files that contain it."""

    rule: str
    reason: str
    match: str = ""
    origin: Origin | None = None


class UpstreamPatch(msgspec.Struct, frozen=True):
    """A patch of an upstream tree: its file, the N of `-pN`, when it is applied.

    With `template` it is rendered from the patch template of that name, for the tree at hand.
    """

    file: str
    strip: int = 1
    template: str = ""
    when: Condition | None = None
    origin: Origin | None = None


class UpstreamTree(msgspec.Struct, frozen=True):
    """An upstream tree: how the definition calls it, its archive's file name, its patches in their order."""

    name: str
    archive: str
    patches: tuple[UpstreamPatch, ...] = ()
    origin: Origin | None = None


class Sources(msgspec.Struct, frozen=True, dict=True):
    """The files of a package, and what its maintainer says about them.

    `features` are the `%bcond` names known for the package; `targets` the targets it is made for; `defined` tells
    whether a definition rendered it (its scriptlets are then ours to mend, not notes). `upstream` are its upstream
    trees, where they are known.
    """

    name: str
    files: Mapping[str, SourceFile]
    externals: tuple[External, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    targets: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    mentions: tuple[Mention, ...] = ()
    defined: bool = False
    notes: tuple[str, ...] = ()
    upstream: tuple[UpstreamTree, ...] = ()

    @property
    def specs(self) -> tuple[SourceFile, ...]:
        """The spec files, the one named after the package first."""
        found = [file for name, file in self.files.items() if name.endswith(".spec")]
        return tuple(sorted(found, key=lambda file: (file.name != f"{self.name}.spec", file.name)))

    @cached_property
    def trees(self) -> Mapping[str, str]:
        """For each patch the upstream tree that it belongs to, where that is known."""
        return {patch.file: tree.name for tree in self.upstream for patch in tree.patches}

    @property
    def templated(self) -> tuple[tuple[UpstreamTree, UpstreamPatch], ...]:
        """The patches that are rendered from templates, with their trees."""
        return tuple((tree, patch) for tree in self.upstream for patch in tree.patches if patch.template)

    @property
    def spec(self) -> SourceFile:
        """The package's main spec file.

        Raises:
            InputError: the directory has no spec file.
        """
        if not self.specs:
            raise InputError(f"{self.name}: no spec file in this package directory")
        return self.specs[0]
