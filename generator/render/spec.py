"""The spec: the assembly's parts in the order of a spec file, through the skeleton `templates/spec/package.spec.j2`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import msgspec
from msgspec.structs import replace

from generator.components.contribution import Contribution, Guard, Subpackage, guard
from generator.condition import And, Condition, Constant, Not, Or, folded
from generator.definition import bodies
from generator.definition.bodies import SCRIPTLETS
from generator.definition.model import Tree
from generator.origin import Origin, origin_of
from generator.render import preamble
from generator.render.assembly import Assembly
from generator.render.lines import Line, Placed, arrange, paragraphs, sentence, together
from generator.render.templates import Templates


class Section(msgspec.Struct, frozen=True):
    """A section of the spec: its own line, and what stands in it."""

    title: Line
    lines: tuple[Line, ...]


class SpecWriter:
    """Writes the spec of an assembly."""

    def __init__(self, assembly: Assembly, templates: Templates, scope: dict[str, Any]) -> None:
        self.assembly = assembly
        self.definition = assembly.definition
        self.templates = templates
        self.scope = scope
        self.kinds = {source.name: kind for _, source, kind in assembly.sources}

    def lines(self, year: int) -> list[Line]:
        """All lines of the spec; `year` is that of the copyright line."""
        head, block = self.definition.head, self.templates.environment.block
        scope = {
            "year": year,
            "head": head,
            "features": block(preamble.features(self.definition)),
            "macros": block(
                preamble.macros(
                    self.definition, (define for one in self.assembly.contributions for define in one.defines)
                )
            ),
            "tags": block(self.main_tags()),
            "description": block(_prose(head.description)),
            "packages": [block(self.package(package)) for package in self.assembly.facts.subpackages],
            "sections": [block([section.title, *section.lines]) for section in self.sections()],
        }
        return self.templates.render("spec/package.spec.j2", scope, head.origin) or []

    def main_tags(self) -> list[Line]:
        """The preamble of the main package from Name on."""
        head = self.definition.head
        plain = [
            Line(
                preamble.aligned(name, sentence(value) if name == "Summary" else value), origin_of(value) or head.origin
            )
            for name, value in (
                ("Name", head.name),
                ("Version", head.version),
                ("Release", "0"),
                ("Summary", head.summary),
                ("License", head.license),
                ("Group", head.group),
                ("URL", head.url),
            )
            if value
        ]
        sources = preamble.sources([(n, s) for n, s, _ in self.assembly.sources if not s.package], self.kinds)
        tags = preamble.tags((tag, kind) for tag, kind in self.assembly.tags if not tag.package)
        placed = sources + preamble.patches(self.definition) + tags
        return plain + arrange(together(placed))

    def package(self, package: Subpackage) -> list[Line]:
        """The preamble and description of a subpackage, under its condition."""
        kind = next((one.kind for one in self.assembly.contributions if package in one.subpackages), "")
        lines = [Placed(tuple(preamble.subpackage(package, kind)))]
        lines += preamble.sources(
            [(n, s) for n, s, _ in self.assembly.sources if s.package == package.name], self.kinds
        )
        mine = [
            (replace(tag, guard=_inside(tag.guard, package.guard)), kind)
            for tag, kind in self.assembly.tags
            if tag.package == package.name and tag.name != "BuildRequires"
        ]
        lines += preamble.tags(mine)
        if package.arch:
            arch = Line(preamble.aligned("BuildArch", package.arch), package.origin, kind)
            lines.append(Placed((arch,)))
        title = Line(f"%description {package.name}", package.origin, kind)
        body = [Line(""), title, *_prose(package.description, package.origin, kind)]
        inner = [*arrange(together(lines)), *body]
        return arrange([Placed(tuple(inner), package.guard)])

    def sections(self) -> Iterable[Section]:
        """%prep to %files, those that hold something."""
        yield Section(Line("%prep", self.definition.head.origin), tuple(self.prep()))
        for name in ("build", "install", "check"):
            lines = self.body(name)
            if lines or name in ("build", "install"):
                yield Section(Line(f"%{name}", self.definition.head.origin), tuple(lines))
        packages = [("", ()), *((sub.name, sub.guard) for sub in self.assembly.facts.subpackages)]
        for package, under in packages:
            for name in SCRIPTLETS:
                yield from self.scriptlet(name, package, under)
        for package, under in packages:
            lines = self.files(package, under)
            yield self.guarded(f"%files {package}".rstrip(), lines, under)

    def guarded(self, title: str, lines: list[Line], under: Guard) -> Section:
        """A section that stands under a subpackage's condition."""
        first = next((line for line in lines if line.origin), Line("", self.definition.head.origin))
        head = Line(title, first.origin, first.kind)
        inner = arrange([Placed((head, *lines), under)])
        return Section(inner[0], tuple(inner[1:]))

    def scriptlet(self, section: str, package: str, under: Guard) -> Iterator[Section]:
        """A scriptlet, if something stands in it: what the definition says, then what components add.

        Where all of it is under conditions, so is the scriptlet: an empty one would still be run.
        """
        own, last = self.own(bodies.name(section, package)), self.own(bodies.name(section, package, last=True))
        parts = []
        for one in self.assembly.contributions:
            if one.package == package:
                added, option = self.contributed(one, section), one.section_options.get(section, "")
                if added or option:
                    parts.append((_inside(one.guard, under), tuple(added), option))
        if not (own or last or parts):
            return
        outer = () if own or last else _any_of([around for around, _, _ in parts])
        block = arrange([Placed(added, _inside(around, outer)) for around, added, _ in parts if added])
        options = [(option, _inside(around, outer)) for around, _, option in parts if option]
        lines = _joined([own, block, last])
        first = next((line for line in lines if line.origin), Line("", self.definition.head.origin))
        titles = [
            Placed((replace(first, text=text),), around) for text, around in _titles(f"%{section} {package}", options)
        ]
        inner = arrange([Placed((*arrange(titles), *lines), (*under, *outer))])
        yield Section(inner[0], tuple(inner[1:]))

    def body(self, section: str) -> list[Line]:
        """The definition's own text of a section with the components' parts: before it in %build, else after it."""
        own, last = self.own(bodies.name(section)), self.own(bodies.name(section, last=True))
        parts = [(one.guard, self.contributed(one, section)) for one in self.assembly.contributions]
        added = [Placed(tuple(lines), around) for around, lines in parts if lines]
        if section == "install":
            added += self.installs()
        block = arrange(together(added) if section == "install" else added)
        return _joined([*([block, own] if section == "build" else [own, block]), last])

    def own(self, name: str) -> list[Line]:
        """A body from the definition's folder."""
        file = self.definition.files.get(name)
        if file is None:
            return []
        path = PurePosixPath(file.path)
        lines = [Line(line, Origin(path, number)) for number, line in enumerate(file.text.split("\n"), 1)]
        while lines and not lines[-1].text.strip():
            lines.pop()
        return lines[next((at for at, line in enumerate(lines) if line.text.strip()), 0) :]

    def contributed(self, one: Contribution, section: str) -> list[Line]:
        """What a component's template adds to a section."""
        scope = {**self.scope, **one.scope}
        lines = self.templates.render(f"components/{one.kind}/{section}.j2", scope, one.origin, one.kind) or []
        return [replace(line, text=self.assembly.placeholders(line.text)) for line in lines]

    def installs(self) -> list[Placed]:
        """The commands that install files, in the order of the definition and its components."""
        return [
            Placed((Line(self.assembly.placeholders(file.install), file.origin, kind),), file.guard, file.because)
            for file, kind in self.assembly.files
            if file.install
        ]

    def files(self, package: str, under: Guard) -> list[Line]:
        """The lines of %files: documentation first, then the rest as it was given.

        What several parts bring stands there once, where one of them holds: rpmbuild warns of a path that it reads
        twice. Reasons stand over the command that installs a file, and here where there is none.
        """
        items: dict[str, list[Placed]] = {}
        for file, kind in self.assembly.files:
            if file.package == package and file.path:
                text = f"{file.attributes} {file.path}".strip()
                because = "" if file.install else file.because
                placed = Placed((Line(text, file.origin, kind),), _inside(file.guard, under), because)
                items.setdefault(text, []).append(placed)
        once = {text: _once(same) for text, same in items.items()}
        documents = [item for text, item in once.items() if text.startswith(("%doc", "%license"))]
        rest = [item for text, item in once.items() if not text.startswith(("%doc", "%license"))]
        return arrange(documents + together(rest))

    def prep(self) -> list[Line]:
        """Unpacking and patching, tree by tree; the last one is where %build begins."""
        trees = list(self.definition.head.trees.items())
        parts = [arrange(self.tree(name, tree, name == trees[-1][0])) for name, tree in trees]
        return _joined([*parts, self.own("prep.sh")])

    def tree(self, name: str, tree: Tree, last: bool) -> list[Placed]:
        """One tree: its macro, its unpacking, what components put into it, its patches."""
        under = guard(tree.when)
        lines = []
        if tree.macro:
            lines.append(Line(f"%define {tree.macro} %{{_builddir}}/{tree.directory}", tree.origin))
        options = "" if last and tree.source == 0 else f" -T -b {tree.source}"
        lines.append(Line(f"%setup -q{options} -n {tree.directory}", tree.origin))
        items = [Placed(tuple(lines), under)]
        for one in self.assembly.contributions:
            if one.tree == name or (last and not one.tree):
                added = self.contributed(one, "prep")
                if added:
                    items.append(Placed(tuple(added), (*under, *_inside(one.guard, under))))
        for patch in tree.used:
            line = Line(f"%patch -P {patch.number} -p{patch.strip}", patch.origin)
            items.append(Placed((line,), (*under, *_inside(guard(patch.when), under)), patch.applied))
        return items


def _inside(around: Guard, under: Guard) -> Guard:
    """The part of a guard that is not already given by what it stands in."""
    return tuple(step for step in around if step not in under)


def _all_of(around: Guard) -> Condition:
    """The condition that a guard says."""
    return folded(And(tuple(condition if holds else Not(condition) for condition, holds in around)))


def _any_of(guards: Sequence[Guard]) -> Guard:
    """The guard of what stands there where at least one of the guards holds."""
    if len(set(guards)) == 1:
        return guards[0]
    condition = folded(Or(tuple(_all_of(around) for around in guards)))
    return () if condition == Constant(True) else guard(condition)


def _once(same: Sequence[Placed]) -> Placed:
    """One of several items that are the same, where at least one of them stands."""
    because = next((one.because for one in same if one.because), "")
    return replace(same[0], guard=_any_of([one.guard for one in same]), because=because)


def _titles(title: str, options: Iterable[tuple[str, Guard]]) -> list[tuple[str, Guard]]:
    """The forms of a section's own line, with those options that hold."""
    forms: list[tuple[str, Guard]] = [(title.rstrip(), ())]
    for option, around in options:
        if not around:
            forms = [(f"{text} {option}", given) for text, given in forms]
            continue
        ((condition, holds),) = guard(_all_of(around))
        held = [(f"{text} {option}", (*given, (condition, holds))) for text, given in forms]
        forms = held + [(text, (*given, (condition, not holds))) for text, given in forms]
    return forms


def _prose(text: str, origin: Origin | None = None, kind: str = "") -> list[Line]:
    return [Line(line, origin_of(text) or origin, kind) for line in paragraphs(text)]


def _joined(parts: Iterable[list[Line]]) -> list[Line]:
    lines: list[Line] = []
    for part in parts:
        if lines and part:
            lines.append(Line(""))
        lines += part
    return lines
