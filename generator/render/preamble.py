"""The preamble of a spec and of its subpackages: features, macros and tags, sorted, aligned and grouped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from generator.components.contribution import Define, Guard, Source, Subpackage, Tag, guard
from generator.condition import Constant
from generator.definition.model import DEPENDENCIES, Definition
from generator.origin import origin_of
from generator.render.lines import Line, Placed, arrange, comment, sentence, together

COLUMN = 16
ORDER = ("", *DEPENDENCIES.values(), "ExclusiveArch", "ExcludeArch", "BuildArch")
STAGES = ("", "pre", "post", "preun", "postun", "pretrans", "posttrans", "verify")


def aligned(name: str, value: str) -> str:
    """A tag in the form of openSUSE's specs: the value begins in column 17, or after one blank."""
    return f"{name}:".ljust(COLUMN - 1) + f" {value}"


def features(definition: Definition) -> list[Line]:
    """The `%bcond` lines: on, off, or decided by a condition."""
    items = []
    for name, feature in definition.head.features.items():
        condition = definition.features[name]
        on = Line(f"%bcond_without  {name}", feature.origin)
        off = Line(f"%bcond_with     {name}", feature.origin)
        if isinstance(condition, Constant):
            items.append(Placed((on if condition.value else off,), because=feature.because))
            continue
        ((step, holds),) = guard(condition)
        items.append(Placed((on,), ((step, holds),), feature.because))
        items.append(Placed((off,), ((step, not holds),)))
    return arrange(together(items))


def macros(definition: Definition, added: Iterable[Define]) -> list[Line]:
    """The `%define` lines: the definition's own in their order, then those that components need."""
    items, seen = [], set()
    for name, macro in definition.head.macros.items():
        under = guard(macro.when)
        items.append(Placed((Line(f"%define {name} {macro.value}", macro.origin),), under, macro.because))
    for define in added:
        if define.name in seen:
            continue
        seen.add(define.name)
        text = f"%define {define.name} {define.value}"
        if define.fallback:
            text = f"%{{!?{define.name}:{text}}}"
        items.append(Placed((Line(text, define.origin),), define.guard, define.because))
    return arrange(items)


def sources(entries: Sequence[tuple[int, Source]], kinds: dict[str, str]) -> list[Placed]:
    """The `Source` tags by number."""
    return [
        Placed(
            (Line(aligned(f"Source{number or ''}", source.name), source.origin, kinds.get(source.name, "")),),
            source.guard,
            source.because,
        )
        for number, source in sorted(entries, key=lambda pair: pair[0])
    ]


def patches(definition: Definition) -> list[Placed]:
    """The `Patch` tags of all trees by number."""
    items = []
    for tree in definition.head.trees.values():
        for patch in tree.used:
            line = Line(aligned(f"Patch{patch.number}", patch.file), patch.origin)
            items.append((patch.number, Placed((line,), because=patch.because)))
    ordered = [item for _, item in sorted(items, key=lambda pair: pair[0])]
    because = definition.head.patches_because
    if ordered and because:
        first = ordered[0]
        head = tuple(comment(because, definition.head.origin))
        lead = tuple(comment(first.because, first.lines[0].origin)) if first.because else ()
        lead = (Line("#", first.lines[0].origin), *lead) if lead else ()
        ordered[0] = Placed((*head, *lead, *first.lines), first.guard)
    return ordered


def tags(entries: Iterable[tuple[Tag, str]]) -> list[Placed]:
    """Dependency tags: by kind, BuildRequires by name, each once, what is conditional last and grouped."""
    once: dict[tuple[str, str, str, Guard], tuple[Tag, str]] = {}
    for tag, kind in entries:
        once.setdefault((tag.name, tag.qualifier, tag.value, tag.guard), (tag, kind))
    found = [pair for key, pair in once.items() if not key[3] or (*key[:3], ()) not in once]
    found.sort(key=lambda pair: (ORDER.index(_slot(pair[0])), STAGES.index(pair[0].qualifier), _name(pair[0])))
    items = []
    for tag, kind in found:
        name = f"{tag.name}({tag.qualifier})" if tag.qualifier else tag.name
        text = aligned(name, tag.value) if tag.name else tag.value
        items.append(Placed((Line(text, tag.origin, kind),), tag.guard, tag.because))
    return items


def _slot(tag: Tag) -> str:
    return tag.name or "Requires"


def _name(tag: Tag) -> tuple[bool, str]:
    if tag.name != "BuildRequires":
        return (False, "")
    name = tag.value.split()[0]
    return ("(" in name, name.lower())


def subpackage(package: Subpackage, origin_kind: str) -> list[Line]:
    """The `%package` line and the plain tags of a subpackage."""
    lines = comment(package.because, package.origin, origin_kind) if package.because else []
    lines.append(Line(f"%package {package.name}", package.origin, origin_kind))
    for name, value, prose in (
        ("Version", package.version, False),
        ("Summary", package.summary, True),
        ("License", package.license, False),
        ("Group", package.group, False),
        ("URL", package.url, False),
    ):
        if value:
            lines.append(
                Line(
                    aligned(name, sentence(value) if prose else value), origin_of(value) or package.origin, origin_kind
                )
            )
    return lines
