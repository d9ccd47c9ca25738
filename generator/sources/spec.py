"""A spec file: a lossless model of its lines that answers questions and takes edits. It never expands macros."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import NamedTuple

import msgspec

from generator.origin import Edit, Origin
from generator.sources import specmacros, specprep, spectags
from generator.sources.edit import spliced
from generator.sources.speclines import Block, Branch, Layout, Section, SpecLine, lay_out
from generator.sources.specmacros import Definition, FileUse, Guard, Use
from generator.sources.specprep import Application, Prep, Setup
from generator.sources.spectags import Tag

__all__ = [
    "Application",
    "Block",
    "Branch",
    "Condition",
    "Definition",
    "FileUse",
    "Guard",
    "Prep",
    "Section",
    "Setup",
    "Spec",
    "SpecLine",
    "Tag",
    "Use",
]


class Condition(NamedTuple):
    """A condition that a line stands under: the branch it is in, and those before it, which do not hold."""

    branch: Branch
    before: tuple[Branch, ...] = ()

    def __str__(self) -> str:
        if self.branch.keyword == "else":
            return "%else of " + ", ".join(f"%{branch.keyword} {branch.expression}" for branch in self.before)
        return f"%{self.branch.keyword} {self.branch.expression}"


class Spec(msgspec.Struct, frozen=True, dict=True):
    """A spec file. Lines are counted from 1; bytes that are not UTF-8 survive as surrogates."""

    name: str
    content: bytes

    @classmethod
    def parse(cls, name: str, content: bytes) -> Spec:
        """Read a spec file; every content is one."""
        return cls(name, content)

    def to_bytes(self) -> bytes:
        """The file's content."""
        return self.content

    @cached_property
    def layout(self) -> Layout:
        """The lines with their sections and blocks."""
        return lay_out(self.content.decode("utf-8", "surrogateescape"))

    @property
    def lines(self) -> tuple[SpecLine, ...]:
        """All lines."""
        return self.layout.lines

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections in the order of their headers; the first is the preamble."""
        return self.layout.sections

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All conditional blocks, in the order of their beginnings."""
        return self.layout.blocks

    def line(self, number: int) -> SpecLine:
        """The line of this number.

        Raises:
            IndexError: there is none.
        """
        if number < 1:
            raise IndexError(number)
        return self.lines[number - 1]

    def section(self, number: int) -> Section:
        """The section that the line stands in; a header stands in its own."""
        return self.sections[self.line(number).section]

    def sections_of(self, *kinds: str) -> tuple[Section, ...]:
        """The sections of these kinds (`files`, `post`, …)."""
        return tuple(section for section in self.sections if section.kind in kinds)

    def conditions(self, number: int) -> tuple[Condition, ...]:
        """The conditions of the blocks around a line, outermost first; without wrappers such as `%{?x:…}`."""
        found = []
        for block, branch in self.line(number).within:
            branches = self.blocks[block].branches
            found.append(Condition(branches[branch], branches[:branch]))
        return tuple(found)

    def body(self, section: Section) -> tuple[SpecLine, ...]:
        """The lines of a section, without its header and without lines of other sections between them."""
        index = self.sections.index(section)
        return tuple(line for line in self.lines if line.section == index and line.directive != "section")

    def end_of(self, number: int) -> int:
        """The last line that is expanded together with this one (continuations, a macro's braces)."""
        first = self.line(number).first
        while number < len(self.lines) and self.lines[number].first == first:
            number += 1
        return number

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """All tags of the preambles, in their order."""
        return tuple(spectags.tags(self.lines, self.sections))

    def tags_of(self, *names: str) -> tuple[Tag, ...]:
        """The tags of these names, whatever their capitals (`Source` is all sources)."""
        keys = {name.lower() for name in names}
        return tuple(tag for tag in self.tags if tag.key in keys)

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """All definitions of macros and features, in their order."""
        return tuple(specmacros.definitions(self.lines))

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """All uses of macros, in their order."""
        return tuple(specmacros.uses(self.lines, self.sections))

    @cached_property
    def file_uses(self) -> tuple[FileUse, ...]:
        """All uses of sources and patches by number."""
        return tuple(specmacros.file_uses(self.lines))

    @cached_property
    def prep(self) -> Prep:
        """What %prep unpacks and applies."""
        return specprep.prep(self.lines, self.sections)

    def with_edits(self, edits: Sequence[Edit]) -> Spec:
        """The spec with these edits made; see `spliced`."""
        return Spec(self.name, spliced(self.content, edits))

    def insert(self, number: int, lines: Sequence[str]) -> Spec:
        """The spec with lines put before the line of this number; the number after the last appends."""
        return self.with_edits([Edit(Origin(PurePosixPath(self.name), number), 0, tuple(lines))])

    def remove(self, number: int, count: int = 1) -> Spec:
        """The spec without these lines."""
        return self.with_edits([Edit(Origin(PurePosixPath(self.name), number), count, ())])

    def replace(self, number: int, text: str) -> Spec:
        """The spec with another text on the line of this number."""
        return self.with_edits([Edit(Origin(PurePosixPath(self.name), number), 1, (text,))])
