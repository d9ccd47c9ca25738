"""Macros that librpm left as they are, since nobody defines them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.sources import rpmwords

RPMS_OWN = rpmwords.SECTIONS | rpmwords.CONDITIONALS | rpmwords.FILE_DIRECTIVES | rpmwords.BUILTINS
"""What stays in a parsed spec with a percent sign because it is rpm's own."""

# Names have three letters at least; `${file%suffix}` is the shell's.
_UNEXPANDED = re.compile(r"(?<!%)%(?:\{(?P<braced>[A-Za-z_]\w{2,})[}: ]|(?P<plain>[A-Za-z_]\w{2,}))", re.ASCII)


def unexpanded(line: str) -> Iterator[str]:
    """The names of the macros that are left in a line of an expanded text."""
    for found in _UNEXPANDED.finditer(line):
        name = found["braced"] or found["plain"]
        before = line[: found.start()]
        if name not in RPMS_OWN and before.rfind("${") <= before.rfind("}"):
            yield name
