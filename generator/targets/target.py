"""The Target: one place where packages are built, as data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import msgspec


class Target(msgspec.Struct, frozen=True, dict=True):
    """One place where packages are built.

    `macros` are plain values (macro name to body); `definitions` is the text of the whole macro file that librpm
    loads for this target, parametric macros included. `capabilities` names what its rpm can read
    (`rich-dependencies`, `elif`, …; `targets/capabilities.toml`). `parametric` are the macros that take arguments;
    `undefined` those that this target is known not to have. `sources` are the places that values come
    from, each with the macros it gave; `disputed` tells for a macro what speaks against its value.
    """

    name: str
    title: str
    rpm: str
    macros: Mapping[str, str]
    definitions: str
    capabilities: frozenset[str]
    architecture: str = "x86_64"
    git: bool = False  # submitted by pull request in git, not by a request in OBS
    parametric: frozenset[str] = frozenset()
    undefined: frozenset[str] = frozenset()
    sources: Mapping[str, tuple[str, ...]] = {}
    disputed: Mapping[str, str] = {}
    standing: bool = True  # one of the targets meant by "all"; a disputed one has to be asked for by name

    @cached_property
    def defined(self) -> frozenset[str]:
        """Every macro that the target defines, plain or parametric."""
        return self.parametric.union(self.macros)
