"""Tags of a spec: `Name: value` lines of the preambles, and the entries of %sourcelist and %patchlist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from generator.sources.speclines import Section, SpecLine
from generator.sources.specmacros import Guard, groups, statements

_TAG = re.compile(r"([A-Za-z]+)(\d*)[ \t]*(?:\(([^)]*)\))?[ \t]*:[ \t]*(.*)\Z", re.DOTALL)
_LISTS = {"sourcelist": "Source", "patchlist": "Patch"}


class Tag(msgspec.Struct, frozen=True):
    """A tag. `name` is as written, without its number; `qualifier` what stands in parentheses (`post,preun`, `de`).

    `number` is the number that was written; `place` the one that counts for Source and Patch: where none was written,
    rpm takes the one after the last (from 4.15 on), whatever the conditions around them. `guards` are the wrappers
    `%{?x:…}` around the tag; the blocks around it are those of its line. `section` is the section's position.
    """

    name: str
    value: str
    line: int
    section: int
    number: int | None = None
    place: int | None = None
    qualifier: str = ""
    guards: tuple[Guard, ...] = ()

    @property
    def key(self) -> str:
        """The name in small letters, by which tags are compared; rpm does not mind capitals."""
        return self.name.lower()

    @property
    def is_source(self) -> bool:
        """Whether this declares a source file."""
        return self.key == "source"

    @property
    def is_patch(self) -> bool:
        """Whether this declares a patch."""
        return self.key == "patch"

    @property
    def base_name(self) -> str:
        """The last part of the value, the file's name where the value is a URL (`…#/name` included)."""
        return self.value.rpartition("/")[2]


def tags(lines: Sequence[SpecLine], sections: Sequence[Section]) -> Iterator[Tag]:
    """All tags, in their order."""
    last = {"source": -1, "patch": -1}
    for first, text in groups(lines):
        kind = sections[first.section].kind
        if first.comment or first.directive or (kind not in ("preamble", "package") and kind not in _LISTS):
            continue
        for statement in statements(text, first.number):
            if kind in _LISTS:
                name, number, qualifier, value = _LISTS[kind], "", "", statement.text
            elif match := _TAG.match(statement.text):
                name, number, qualifier, value = match[1], match[2], match[3] or "", match[4].rstrip()
            else:
                continue
            place = None
            if name.lower() in last:
                place = int(number[:9]) if number else last[name.lower()] + 1
                last[name.lower()] = place
            yield Tag(
                name,
                value,
                statement.line,
                first.section,
                int(number[:9]) if number else None,
                place,
                qualifier.strip(),
                statement.guards,
            )
