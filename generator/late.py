"""Regular expressions of libraries, compiled when they are used.

PyYAML and jinja2 compile, while they are imported, expressions for what a run mostly does not do: reading YAML without
libyaml, parsing templates that are kept compiled. That takes seven milliseconds, a twentieth of a check.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Pattern:
    """Stands for a compiled expression; what is asked of it is asked of that."""

    __slots__ = ("_arguments", "_compiled")

    def __init__(self, *arguments: Any) -> None:
        """The arguments are those of `re.compile`."""
        self._arguments = arguments
        self._compiled: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._compiled is None:
            self._compiled = re.compile(*self._arguments)
        return getattr(self._compiled, name)


@contextmanager
def patterns(library: str) -> Iterator[None]:
    """While a library is imported, let the expressions that its own modules compile wait for their first use."""
    compile_now = re.compile

    def compile_late(pattern: Any, flags: Any = 0) -> Any:
        asking = str(sys._getframe(1).f_globals.get("__name__"))  # noqa: SLF001  (documented, though for CPython alone)
        if asking.partition(".")[0] != library:
            return compile_now(pattern, flags)
        return Pattern(pattern, flags)

    re.compile = compile_late
    try:
        yield
    finally:
        re.compile = compile_now
