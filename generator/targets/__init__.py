"""Targets: what a spec sees where it is built, as data with a source for every value.

`load` gives a target by name or from a profile file, `all_targets` the built-in ones; `with_macros` lays a macro file
over one; `explain` says where each value comes from. The markers that scriptlet macros leave are read by `calls`, in
the module of that name.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from generator.targets import store
from generator.targets.capabilities import Capability
from generator.targets.store import capabilities
from generator.targets.target import Target

__all__ = [
    "Capability",
    "Row",
    "Target",
    "all_targets",
    "capabilities",
    "explain",
    "is_known_macro",
    "known_macros",
    "known_prefixes",
    "load",
    "names",
    "with_macros",
]


_PARAMETRIC = r"^%(\w+)\([^()\n]*\) ((?:[^\n]*\\\n)*[^\n]*)"


class Row(NamedTuple):
    """One value of a target: the macro (or `rpm`), its value, where that comes from, and what speaks against it.

    The value is empty where the target is known not to have the macro.
    """

    macro: str
    value: str
    source: str
    disputed: str = ""


def names() -> tuple[str, ...]:
    """The names of the built-in targets, oldest first; also of those that are disputed."""
    return tuple(store.kept().targets)


def load(name: str | Path) -> Target:
    """The target of this name, or the one that a profile file describes (`./mine.toml`, anything ending in .toml).

    Raises:
        InputError: there is no such target; the file is missing or wrong, with all that is wrong in it.
    """
    if isinstance(name, Path) or name.endswith(".toml") or "/" in name:
        from generator.targets.build import own

        return own(Path(name))
    return store.built_in(name)


def all_targets() -> tuple[Target, ...]:
    """The built-in targets that "all" means: every one that is not disputed."""
    return tuple(target for target in map(store.built_in, names()) if target.standing)


def explain(target: Target) -> tuple[Row, ...]:
    """Every value of the target with its source, by macro name; `rpm` and what was disputed first."""
    sources = {name: source for source, given in target.sources.items() for name in given}
    rows = [Row("rpm", target.rpm, sources.get("rpm", ""))]
    bodies = {
        found[1]: found[2].replace("\\\n", "\n") for found in re.finditer(_PARAMETRIC, target.definitions, re.MULTILINE)
    }
    for name in sorted(target.defined | target.undefined, key=lambda name: (name not in target.disputed, name)):
        value = target.macros.get(name, bodies.get(name, "") if name in target.parametric else "")
        rows.append(Row(name, value, sources.get(name, ""), target.disputed.get(name, "")))
    return tuple(rows)


def known_macros() -> frozenset[str]:
    """Every macro name that some target, family or rpm itself is known to have."""
    return store.known().names


def known_prefixes() -> tuple[str, ...]:
    """What the names of macro families begin with whose members are made up (`python313_`, `kf6_`, `SOURCE`)."""
    return store.known().prefixes


def is_known_macro(name: str) -> bool:
    """Whether a macro of this name is known to exist anywhere, one by one or by its family."""
    return name in known_macros() or name.startswith(known_prefixes())


def with_macros(target: Target, text: str, path: PurePosixPath | str = "macros") -> Target:
    """The target with the macros of a macro file, or of a project configuration, over its own; `path` names it.

    Raises:
        InputError: a line is no definition, or conditions are not closed; with the line in `path`.
    """
    from generator.targets import macrofile

    return macrofile.with_macros(target, text, path)
