"""The spec: the assembly's parts in the order of a spec file, through the skeleton `templates/spec/package.spec.j2`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

import msgspec
from msgspec.structs import replace

from generator.components.contribution import Contribution, Guard, Subpackage, guard
from generator.definition.model import Tree
from generator.origin import Origin, origin_of
from generator.render import preamble
from generator.render.assembly import Assembly
from generator.render.lines import Line, Placed, arrange, paragraphs, sentence, together
from generator.render.templates import Templates

SCRIPTLETS = ("pretrans", "pre", "post", "preun", "postun", "posttrans", "verifyscript")
BODIES = ("prep", "build", "install", "check", *SCRIPTLETS)
"""Sections that a definition's folder can hold a body for: SECTION.sh, SECTION-SUBPACKAGE.sh."""


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
            lines = self.body(name, "")
            if lines or name in ("build", "install"):
                yield Section(Line(f"%{name}", self.definition.head.origin), tuple(lines))
        packages = [("", ()), *((sub.name, sub.guard) for sub in self.assembly.facts.subpackages)]
        for package, under in packages:
            for name in SCRIPTLETS:
                lines = self.body(name, package, under)
                options = self.options(name, package)
                if lines or options:
                    title = " ".join([f"%{name}", *([package] if package else []), *options])
                    yield self.guarded(title, lines, under)
        for package, under in packages:
            lines = self.files(package, under)
            yield self.guarded(f"%files {package}".rstrip(), lines, under)

    def guarded(self, title: str, lines: list[Line], under: Guard) -> Section:
        """A section that stands under a subpackage's condition."""
        first = next((line for line in lines if line.origin), Line("", self.definition.head.origin))
        head = Line(title, first.origin, first.kind)
        inner = arrange([Placed((head, *lines), under)])
        return Section(inner[0], tuple(inner[1:]))

    def options(self, section: str, package: str) -> list[str]:
        """What components put on the line of a section."""
        mine = (one for one in self.assembly.contributions if one.package == package)
        return [one.section_options[section] for one in mine if section in one.section_options]

    def body(self, section: str, package: str, under: Guard = ()) -> list[Line]:
        """The definition's own text of a section with the components' parts: before it in %build, else after it."""
        name = f"{section}-{package}" if package else section
        own, last = self.own(f"{name}.sh"), self.own(f"{name}.last.sh")
        added: list[Placed] = []
        for one in self.assembly.contributions:
            if one.package == package or section in ("build", "install", "check"):
                lines = self.contributed(one, section)
                if lines:
                    added.append(Placed(tuple(lines), _inside(one.guard, under)))
        if section == "install":
            added += self.installs()
        block = arrange(together(added) if section == "install" else added)
        parts = [block, own] if section == "build" else [own, block]
        return _joined([*parts, last])

    def own(self, name: str) -> list[Line]:
        """A body from the definition's folder."""
        file = self.definition.files.get(name)
        if file is None:
            return []
        text = file.content.decode("utf-8").strip("\n")
        path = PurePosixPath(file.path)
        return [Line(line, Origin(path, number)) for number, line in enumerate(text.split("\n"), 1)]

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
        """The lines of %files: documentation first, then the rest as it was given."""
        items: dict[tuple[str, Guard], Placed] = {}
        for file, kind in self.assembly.files:
            if file.package == package and file.path:
                text = f"{file.attributes} {file.path}".strip()
                around = _inside(file.guard, under)
                items.setdefault((text, around), Placed((Line(text, file.origin, kind),), around))
        documents = [item for (text, _), item in items.items() if text.startswith(("%doc", "%license"))]
        rest = [item for (text, _), item in items.items() if not text.startswith(("%doc", "%license"))]
        return arrange(documents + together(rest))

    def prep(self) -> list[Line]:
        """Unpacking and patching, tree by tree; the last one is where %build begins."""
        trees = list(self.definition.head.trees.items())
        parts = [arrange(self.tree(name, tree, name == trees[-1][0])) for name, tree in trees]
        parts.append(self.own("prep.sh"))
        lines: list[Line] = []
        for part in parts:
            if lines and part:
                lines.append(Line(""))
            lines += part
        return lines

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
            if one.tree == name:
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


def _prose(text: str, origin: Origin | None = None, kind: str = "") -> list[Line]:
    return [Line(line, origin_of(text) or origin, kind) for line in paragraphs(text)]


def _joined(parts: Iterable[list[Line]]) -> list[Line]:
    lines: list[Line] = []
    for part in parts:
        if lines and part:
            lines.append(Line(""))
        lines += part
    return lines
