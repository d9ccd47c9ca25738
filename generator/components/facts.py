"""What a component may know of the package it is a part of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from generator.components.contribution import Subpackage

_MACRO = re.compile(r"%%|%\{([A-Za-z_]\w*)\}")


class Facts(msgspec.Struct, frozen=True):
    """The package as the definition gives it. `kinds` holds the value of every kind of component by its key."""

    name: str
    version: str  # macro text
    macros: Mapping[str, str]
    kinds: Mapping[str, Any] = {}
    subpackages: tuple[Subpackage, ...] = ()

    def plain(self, text: str) -> str:
        """The text with the definition's own macros put in; others stay as they are."""
        for _ in range(len(self.macros) + 2):
            expanded = _MACRO.sub(self._value, text)
            if expanded == text:
                return expanded
            text = expanded
        return text

    def _value(self, match: re.Match[str]) -> str:
        name = match[1]
        if name == "name":
            return self.name
        if name == "version":
            return self.version
        return self.macros.get(name, match[0]) if name else match[0]
