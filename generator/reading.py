"""The Reading: what librpm sees in one spec, for one flavour, on one target, with one state of the features.

Pure data, as it comes out of the worker; nothing here imports rpm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from generator.sources import Sources
    from generator.targets import Target
    from generator.upstream.tree import Tree

ScriptletName = Literal[
    "pre", "post", "preun", "postun", "pretrans", "posttrans", "preuntrans", "postuntrans", "verify"
]


class Dependency(msgspec.Struct, frozen=True):
    """One dependency. `when` names the scriptlets that need it (`Requires(post)`), empty for a plain one."""

    text: str
    when: tuple[str, ...] = ()


class Scriptlet(msgspec.Struct, frozen=True):
    """A scriptlet as the header holds it. `file` is the argument of `-f`, whose text is not in the header."""

    interpreter: str
    text: str
    file: str = ""


class PackageReading(msgspec.Struct, frozen=True):
    """One binary package: its header facts, its scriptlets, and the lines of its %files section after expansion."""

    name: str
    version: str
    release: str
    arch: str
    license: str
    url: str
    group: str
    summary: str
    description: str
    dependencies: Mapping[str, tuple[Dependency, ...]]  # requires, provides, conflicts, obsoletes, recommends, …
    scriptlets: Mapping[str, Scriptlet]
    files: tuple[str, ...]  # raw lines, e.g. "%dir %attr(750,root,root) /etc/audit/rules.d"
    file_lists: tuple[str, ...] = ()  # arguments of `%files -f`


class SourceReading(msgspec.Struct, frozen=True):
    """A Source or Patch tag after expansion, by its number."""

    number: int
    name: str
    patch: bool
    location: str = ""  # the full value, where the tag holds a URL


class Reading(msgspec.Struct, frozen=True):
    """See the module. A reading whose `error` is set has only `log`, and whatever was known before the failure."""

    spec: str
    target: str
    flavour: str = ""
    features: Mapping[str, bool] = {}  # the states that were forced; empty is the spec's own defaults
    states: Mapping[str, bool] = {}  # what `%{with X}` says after the parse, for each X of Sources.features
    error: str = ""
    log: tuple[str, ...] = ()
    parsed: str = ""
    name: str = ""
    version: str = ""
    sources: tuple[SourceReading, ...] = ()
    build_requires: tuple[Dependency, ...] = ()
    exclude_arch: tuple[str, ...] = ()
    exclusive_arch: tuple[str, ...] = ()
    build_arch: tuple[str, ...] = ()
    prep: str = ""
    build: str = ""
    install: str = ""
    check: str = ""
    packages: tuple[PackageReading, ...] = ()


class View(msgspec.Struct, frozen=True):
    """Everything that a rule sees: the Sources, what librpm read, the targets, the base, upstream."""

    sources: Sources
    readings: tuple[Reading, ...]
    targets: Mapping[str, Target]
    against: View | None = None
    upstream: Mapping[str, Tree] = {}  # the upstream trees at hand, by the names that the definition gives them


_PLACE = r"(?:^|[\s:])line (\d+):|^(?:\w+: )?[^\s:]+:(\d+): "


def line_number(message: str) -> int | None:
    """The line of the spec that a message of librpm names, counted from 1; None where it names none.

    librpm writes `line N: …`, `FILE: line N: …` or `FILE:N: …`, each with or without `error: ` in front.
    """
    match = re.search(_PLACE, message)
    return int(match[1] or match[2]) if match else None
