"""Which files a spec declares, as far as its own macros tell; enough to see what is declared no more."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.sources import Sources
from generator.sources.spec import Spec

MACRO = re.compile(r"%\{(?:\?|!\?)?(\w+)\}|%(\w+)")
DEPTH = 10  # a macro may stand for others, but not without end
MOST = 64  # values that a name may have when macros have several, under different conditions
PLAIN = ("name", "version", "release", "url")


def declared(sources: Sources) -> frozenset[str]:
    """The names of the files that the specs of a package declare, whatever their conditions, and its externals.

    A name whose macros the spec does not define itself is left out: better to keep a file than to remove one.
    """
    names = {external.name for external in sources.externals}
    for file in sources.specs:
        spec = Spec.parse(file.name, file.content)
        macros: dict[str, set[str]] = {}
        for definition in spec.definitions:
            if not definition.feature and definition.parameters is None:
                macros.setdefault(definition.name, set()).add(definition.body)
        for tag in spec.tags_of(*PLAIN):
            macros.setdefault(tag.key, set()).add(tag.value)
        for tag in spec.tags:
            if tag.is_source or tag.is_patch or tag.key == "icon":
                # what follows the last slash; in `https://host/v1#/name.tar.gz` too
                names.update(value.rpartition("/")[2] for value in _expand(tag.value, macros) if "%" not in value)
    return frozenset(names)


def _expand(value: str, macros: Mapping[str, set[str]]) -> set[str]:
    values = {value}
    for _ in range(DEPTH):
        expanded = {one for before in values for one in _once(before, macros)}
        if expanded == values or len(expanded) > MOST:
            break
        values = expanded
    return values


def _once(value: str, macros: Mapping[str, set[str]]) -> set[str]:
    """The value with its first macro that is known replaced by each of its bodies."""
    for found in MACRO.finditer(value):
        bodies = macros.get(found[1] or found[2])
        if bodies:
            return {value[: found.start()] + body + value[found.end() :] for body in bodies}
    return {value}
