"""The index of one spec file: where in it a tag, a file, a macro or a scriptlet's line was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple

from generator.check.place import expands_to, literal, place
from generator.sources import SourceFile
from generator.sources.spec import Section, Spec, SpecLine, Tag

Branches = tuple[tuple[int, int], ...]  # the blocks around a line, outermost first: block, branch


class Call(NamedTuple):
    """A macro called at the beginning of a line: in which section, of which package as written."""

    macro: str
    section: str
    package: str
    line: int
    arguments: tuple[str, ...]


@lru_cache(maxsize=8)
def _parsed(name: str, content: bytes) -> Spec:
    return Spec.parse(name, content)


def prepare(file: SourceFile) -> None:
    """Read a spec ahead of the time when rules ask for it."""
    spec = _parsed(file.name, file.content)
    _ = spec.layout, spec.tags, spec.prep, spec.definitions, spec.file_uses


class SpecIndex:
    """See the module. All lines count from 1."""

    def __init__(self, file: SourceFile) -> None:
        """Index the spec `file`."""
        self.name = file.name
        self.file = file
        self.spec = _parsed(file.name, file.content)

    @property
    def lines(self) -> tuple[SpecLine, ...]:
        """All lines."""
        return self.spec.lines

    @cached_property
    def numbered(self) -> tuple[tuple[int, str], ...]:
        """The lines that are no comments, with their numbers."""
        return tuple((line.number, line.text) for line in self.lines if not line.comment)

    @property
    def tags(self) -> tuple[Tag, ...]:
        """All tags of all preambles, those under conditions too."""
        return self.spec.tags

    def package(self, tag: Tag) -> str | None:
        """The package of a tag as written; None for the main one."""
        return self.spec.sections[tag.section].package

    def clamped(self, line: int | None) -> int:
        """A line that exists."""
        return min(max(line or 1, 1), len(self.lines) or 1)

    def section(self, line: int) -> Section:
        """The section that holds a line."""
        return self.spec.section(line)

    def branches(self, line: int) -> Branches:
        """The conditional blocks around a line."""
        return self.spec.line(line).within

    @staticmethod
    def exclusive(one: Branches, other: Branches) -> bool:
        """Whether two lines are in different branches of one block, so that no reading has both."""
        taken = dict(one)
        return any(taken.get(block, branch) != branch for block, branch in other)

    @cached_property
    def defined(self) -> dict[str, list[int]]:
        """The macros that the spec defines, each with its lines."""
        found: dict[str, list[int]] = {}
        for definition in self.spec.definitions:
            if not definition.feature:
                found.setdefault(definition.name, []).append(definition.line)
        return found

    def mention(self, *needles: str) -> int | None:
        """The first line, not a comment, that holds one of the needles."""
        found = (number for number, text in self.numbered if any(needle in text for needle in needles))
        return next(found, None)

    def first(self, text: str) -> int:
        """The line that most likely became `text`; 1 where none may have."""
        text = text.strip()
        candidates = ((line.number, line.text) for line in self.lines if line.text.strip())
        return (place(candidates, text) if text else None) or 1

    def tag_line(self, kinds: tuple[str, ...], text: str, number: int | None = None) -> int:
        """The line of the tag of one of the `kinds` (all, if none are given) that became `text`.

        Where none can have, the line of the first such tag; 1 where there is none.
        """
        tags = self._tags(kinds, number)
        if len(tags) == 1:
            return tags[0].line
        return self.tag_holding(kinds, text, number) or (tags[0].line if tags else 1)

    def _tags(self, kinds: tuple[str, ...], number: int | None) -> list[Tag]:
        keys = {*kinds, "prereq"} if "requires" in kinds else set(kinds)
        tags = [tag for tag in self.tags if not keys or tag.key in keys]
        return [tag for tag in tags if tag.place == number] or tags if number is not None else tags

    def tag_holding(self, kinds: tuple[str, ...], text: str, number: int | None = None) -> int | None:
        """The line of the tag of one of the `kinds` (all, if none are given) that became `text`, None where none can.

        A list of dependencies is looked through word by word.
        """
        tags = self._tags(kinds, number)
        candidates = [(tag.line, tag.value.strip()) for tag in tags]
        if found := place(candidates, text):
            return found
        name = text.split(" ", 1)[0].strip("()")
        for line, value in candidates:
            if name in value.replace(",", " ").split():
                return line
        parts = [(line, part.strip()) for line, value in candidates for part in re.split(r"[,\s]+(?![<>=])", value)]
        useful = [(line, part) for line, part in parts if literal(part)]
        return place(useful, text) or place(useful, name)

    def may_declare(self, name: str) -> bool:
        """Whether a Source or Patch tag, its macros standing for anything, may name this file."""
        for tag in self.tags:
            if tag.is_source or tag.is_patch:
                value = tag.value.strip().rpartition("/")[2]
                if "%" in value and len(literal(value)) > 2 and expands_to(value, name):
                    return True
        return False

    def files_line(self, name: str) -> int:
        """The line of a %files section that lists the file `name`."""
        listed = [line for line in self.lines if self.spec.sections[line.section].kind == "files"]
        for line in listed:
            if name in line.text and not line.comment:
                return line.number
        words = [(line.number, word.rpartition("/")[2]) for line in listed for word in line.text.split()]
        found = place(((number, word) for number, word in words if len(literal(word)) > 3), name)
        return found or (listed[0].number if listed else 1)

    def calls(self, *macros: str) -> Iterator[Call]:
        """The calls of these macros in the sections' bodies, one for each line that begins with one."""
        for line in self.lines:
            bare = line.text.strip()
            if not bare.startswith("%") or line.directive or line.comment:
                continue
            words = bare.lstrip("%").lstrip("{?").rstrip("}").split()
            if words and words[0] in macros:
                section = self.spec.sections[line.section]
                yield Call(words[0], section.kind, section.package_name, line.number, tuple(words[1:]))
