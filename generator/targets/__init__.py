"""Targets: what a spec sees where it is built, as data with a source for every value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One place where packages are built.

    `macros` are plain values (macro name to body); `definitions` is the text of the whole macro file that librpm
    loads for this target, parametric macros included. `capabilities` names what its rpm can read
    (`rich-dependencies`, `elif`, …; `targets/capabilities.toml`).
    """

    name: str
    title: str
    rpm: str
    macros: Mapping[str, str]
    definitions: str
    capabilities: frozenset[str]
    architecture: str = "x86_64"
    git: bool = False  # submitted by pull request in git, not by a request in OBS
