"""Macro files of others: rpm's own format, and the project configurations of the Open Build Service.

Both can be given to a command as `--macros FILE`. A macro file holds `%name body` or `%name(options) body` lines, also
written as `%define name body`; a body goes on after a backslash, or until its braces are closed. Of a project
configuration (`osc meta prjconf PROJECT`) the `Macros:` … `:Macros` blocks count, and its `%define` lines; its
conditions are evaluated where they only ask for macros, architectures and numbers, and skipped where they ask for more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from msgspec.structs import replace

from generator.errors import InputError
from generator.origin import Origin
from generator.targets.projectconfig import configuration, lines_of
from generator.targets.target import Target

_DEFINITION = re.compile(
    r"%(?:(?:define|global)\s+)?([A-Za-z_]\w*)(?:\(([^()]*)\))?(?:[ \t]+|$)(.*)", re.ASCII | re.DOTALL
)
_PRJCONF = re.compile(
    r"^(?:Macros:\s*$|:Macros\s*$|(?:Prefer|Preinstall|Required|Support|Keep|Substitute|Ignore|Conflict|FileProvides|"
    r"Repotype|Patterntype|Type|Release|VMinstall|Runscripts|ExportFilter|Optflags|BuildFlags|Binarytype):\s)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class MacroFile:
    """What a macro file says: its definitions in rpm's format, plain values and parametric names, and what was skipped.

    `skipped` are conditions of a project configuration that could not be evaluated, each with its line.
    """

    definitions: str = ""
    macros: Mapping[str, str] = field(default_factory=dict)
    parametric: frozenset[str] = frozenset()
    skipped: tuple[tuple[int, str], ...] = ()


def with_macros(target: Target, text: str, path: PurePosixPath | str = "macros") -> Target:
    """The target with the macros of a macro file, or of a project configuration, over its own.

    Raises:
        InputError: a line is no definition, or conditions are not closed; with the line in `path`.
    """
    found = parse(text, target, PurePosixPath(path))
    plain = {name: body for name, body in target.macros.items() if name not in found.parametric}
    names = found.parametric.union(found.macros)
    return replace(
        target,
        macros={**plain, **found.macros},
        definitions=target.definitions + found.definitions,
        parametric=(target.parametric - found.macros.keys()) | found.parametric,
        undefined=target.undefined - names,
        sources={
            **{source: tuple(name for name in given if name not in names) for source, given in target.sources.items()},
            str(path): tuple(sorted(names)),
        },
        disputed={name: note for name, note in target.disputed.items() if name not in names},
    )


def parse(text: str, target: Target, path: PurePosixPath) -> MacroFile:
    """What a macro file or project configuration says on a target.

    Raises:
        InputError: see `with_macros`.
    """
    skipped: list[tuple[int, str]] = []
    lines = configuration(text, target, path, skipped) if _PRJCONF.search(text) else enumerate(lines_of(text), 1)
    definitions: list[str] = []
    macros: dict[str, str] = {}
    parametric: set[str] = set()
    for number, statement in _statements(lines):
        found = _DEFINITION.fullmatch(statement)
        if not found or found[1] in ("define", "global"):
            hint = 'a macro file holds lines like "%name value"'
            first = statement.partition("\n")[0]
            raise InputError(f"{first!r} defines no macro", Origin(path, number), hint)
        name, options, body = found[1], found[2], found[3]
        definitions.append(f"%{name}{'' if options is None else f'({options})'} {body or '%{nil}'}\n")
        if options is None:
            macros[name] = body.replace("\\\n", "\n").strip()
            parametric.discard(name)
        else:
            macros.pop(name, None)
            parametric.add(name)
    return MacroFile("".join(definitions), macros, frozenset(parametric), tuple(skipped))


def _statements(lines: Iterator[tuple[int, str]] | enumerate[str]) -> Iterator[tuple[int, str]]:
    """Definitions as whole texts: joined over backslashes and open braces; blank lines and comments left out."""
    start, parts, depth = 0, list[str](), 0
    for number, line in lines:
        if not parts and (not line.strip() or line.lstrip().startswith("#")):
            continue
        start = start if parts else number
        parts.append(line if parts else line.lstrip())
        depth += line.count("{") - line.count("}")
        if line.endswith("\\") or depth > 0:
            continue
        yield start, "\n".join(parts)
        parts, depth = [], 0
    if parts:
        yield start, "\n".join(parts).rstrip("\\")
