"""What a component may know of the package it is a part of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from textwrap import shorten
from typing import Any

import msgspec

from generator.components.contribution import Subpackage
from generator.errors import InputError
from generator.origin import origin_of

_LONGEST = 1 << 16
_MACRO = re.compile(r"%%|%\{([A-Za-z_]\w*)\}")


class Facts(msgspec.Struct, frozen=True):
    """The package as the definition gives it. `kinds` holds the value of every kind of component by its key."""

    name: str
    version: str  # macro text
    macros: Mapping[str, str]
    kinds: Mapping[str, Any] = {}
    subpackages: tuple[Subpackage, ...] = ()

    def plain(self, text: str) -> str:
        """The text with the definition's own macros put in; others stay as they are.

        Raises:
            InputError: it becomes longer than any text of a package should be.
        """
        expanded: str = text
        for _ in range(len(self.macros) + 2):
            growth = sum(len(self._value(match)) for match in _MACRO.finditer(expanded))
            if growth and len(expanded) + growth > _LONGEST:
                begin = shorten(text, 40, placeholder=" …")
                message = f"'{begin}' grows beyond {_LONGEST:,} characters when its macros are put in"
                raise InputError(message, origin_of(text), "its macros multiply")
            before, expanded = expanded, _MACRO.sub(self._value, expanded)
            if expanded == before:
                break
        return expanded

    def _value(self, match: re.Match[str]) -> str:
        name = match[1]
        if name == "name":
            return self.name
        if name == "version":
            return self.version
        return self.macros.get(name, match[0]) if name else match[0]
