"""What a component adds to a package, as data that the renderer can sort, group, align and deduplicate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from generator.condition import Condition, Macro, Not, String, negated
from generator.origin import Origin

Guard: TypeAlias = tuple[tuple[Condition, bool], ...]
"""The `%if` blocks around a line, the outermost first: the condition, and whether the line stands in its %else."""


def guard(*conditions: Condition | None) -> Guard:
    """The guard of a line that all of the conditions (None: always) must hold for.

    A condition and its opposite give the same step but for the branch, so that they can share an %if.
    """
    found: list[tuple[Condition, bool]] = []
    for condition in conditions:
        if condition is None:
            continue
        step = (negated(condition), False) if _is_opposite(condition) else (condition, True)
        if step not in found:
            found.append(step)
    return tuple(found)


def _is_opposite(condition: Condition) -> bool:
    """Whether people would write this as the %else of its opposite."""
    match condition:
        case Not():
            return True
        case Macro(operator=("<" | "<=")) | Macro(operator="==", value=0) | String(operator="!="):
            return True
        case _:
            return False


class Tag(msgspec.Struct, frozen=True):
    """A line of the preamble: `Requires(post): udev` has name `Requires`, qualifier `post`, value `udev`.

    `package` is the subpackage's suffix, empty for the main package. `value` is macro text; a tag without a name is
    a line that a macro turns into a tag (`%?sysusers_requires`).
    """

    name: str
    value: str
    qualifier: str = ""
    package: str = ""
    guard: Guard = ()
    because: str = ""
    origin: Origin | None = None


class Source(msgspec.Struct, frozen=True):
    """A file that the package brings along: a `SourceN` tag and, unless it is external, its content.

    The content is the file `name` (or the template `name`.j2) of the definition's folder, or what the component's
    template `template` renders.
    """

    name: str
    number: int | None = None
    package: str = ""
    guard: Guard = ()
    because: str = ""
    external: bool = False
    template: str = ""
    origin: Origin | None = None


class Define(msgspec.Struct, frozen=True):
    """A macro of the preamble; with `fallback` it is defined only where the distribution does not define it."""

    name: str
    value: str
    fallback: bool = False
    guard: Guard = ()
    because: str = ""
    origin: Origin | None = None


class File(msgspec.Struct, frozen=True):
    """A file of a binary package: its line in %files and the command that puts it below the build root.

    `attributes` stand before the path (`%dir`, `%config(noreplace)`); `install` is empty where something else puts
    the file there. In it, `%{SOURCE:NAME}` stands for the number of the source NAME. A file without a path is only
    installed.
    """

    path: str
    package: str = ""
    attributes: str = ""
    install: str = ""
    guard: Guard = ()
    because: str = ""
    origin: Origin | None = None


class Subpackage(msgspec.Struct, frozen=True):
    """A binary package beside the main one."""

    name: str
    summary: str
    description: str
    group: str = ""
    license: str = ""
    url: str = ""
    version: str = ""
    arch: str = ""
    guard: Guard = ()
    because: str = ""
    origin: Origin | None = None


class Contribution(msgspec.Struct, frozen=True):
    """All that one component adds.

    `scope` is what its templates see beside the package's facts; they stand under `guard`, in the sections of
    `package`, and what they add to %prep stands in `tree`. `section_options` belong on a section's own line
    (`pre`: `-f %{name}.pre`).
    """

    kind: str
    scope: Mapping[str, Any] = {}
    package: str = ""
    tree: str = ""
    guard: Guard = ()
    section_options: Mapping[str, str] = {}
    tags: tuple[Tag, ...] = ()
    sources: tuple[Source, ...] = ()
    defines: tuple[Define, ...] = ()
    files: tuple[File, ...] = ()
    subpackages: tuple[Subpackage, ...] = ()
    origin: Origin | None = None
