"""The assembly: the definition and its components' contributions, brought together before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import msgspec
from msgspec.structs import replace

from generator.components.contribution import Contribution, File, Guard, Source, Subpackage, Tag, guard
from generator.components.entry import Dependency, Items
from generator.components.facts import Facts
from generator.components.kind import kinds
from generator.definition.model import DEPENDENCIES, Definition, InstalledFile, Relations, Tree
from generator.errors import InputError, Problem

FIRST_FREE_SOURCE = 1000
"""Sources without a number of their own get the next one from here."""


class Assembly(msgspec.Struct, frozen=True, dict=True):
    """All parts of a package, by what they are; every part keeps the kind of component that brought it, or none."""

    definition: Definition
    contributions: tuple[Contribution, ...] = ()
    facts: Facts = Facts("", "", {})

    @classmethod
    def of(cls, definition: Definition) -> Assembly:
        """Expand every component of the definition."""
        head = definition.head
        macros = {name: macro.value for name, macro in head.macros.items()}
        facts = Facts(head.name, head.version, macros, definition.components)
        found: list[Contribution] = []
        own = tuple(_subpackage(name, package, head.group) for name, package in head.packages.items())
        for kind in kinds():
            if kind.key in definition.components:
                added = tuple(package for one in found for package in one.subpackages)
                facts = replace(facts, subpackages=own + added)
                found += kind.expand(definition.components[kind.key], facts)
        facts = replace(facts, subpackages=_distinct(own, (package for one in found for package in one.subpackages)))
        guards = {package.name: package.guard for package in facts.subpackages if package.guard}
        return cls(definition, tuple(_within(one, guards) for one in found) if guards else tuple(found), facts)

    @cached_property
    def tags(self) -> tuple[tuple[Tag, str], ...]:
        """Every dependency tag with the kind that brought it."""
        head = self.definition.head
        found = [(tag, "") for tag in _dependencies("", head)]
        for name, package in head.packages.items():
            found += [(tag, "") for tag in _dependencies(name, package)]
        found += [(tag, one.kind) for one in self.contributions for tag in one.tags]
        for tag_name, names in (("ExclusiveArch", head.exclusive_arch), ("ExcludeArch", head.exclude_arch)):
            if names:
                found.append((Tag(tag_name, " ".join(names), origin=head.origin), ""))
        return tuple(found)

    @cached_property
    def sources(self) -> tuple[tuple[int, Source, str], ...]:
        """Every source with its number and the kind that brought it.

        Raises:
            InputError: two sources have one number, or two parts bring a source of one name differently.
        """
        entries: list[tuple[Source, str]] = []
        entries += [(_archive(tree), "") for tree in self.definition.head.trees.values()]
        for number, extra in self.definition.head.sources.items():
            source = Source(extra.file, number, external=extra.external, because=extra.because, origin=extra.origin)
            entries.append((source, ""))
        entries += [(source, one.kind) for one in self.contributions for source in one.sources]
        chosen = {source.name: source.number for source, _ in reversed(entries) if source.number is not None}
        taken = {number: name for name, number in chosen.items()}
        problems, found, free = [], dict[str, tuple[int, Source, str]](), FIRST_FREE_SOURCE
        for source, kind in entries:
            if source.name in found:
                number, first, _ = found[source.name]
                if source.number not in (None, number):
                    problems.append(Problem(f"{source.name} is already source {number}", source.origin, _ONCE))
                elif (source.external, source.template) != (first.external, first.template):
                    problems.append(Problem(f"{source.name} is already another source", source.origin, _ONCE))
                continue
            while source.name not in chosen and free in taken:
                free += 1
            number = chosen.get(source.name, free)
            if taken.setdefault(number, source.name) != source.name:
                message = f"source number {number} is already that of {taken[number]}"
                problems.append(Problem(message, source.origin, "choose another number, or leave it out"))
            found[source.name] = (number, source, kind)
        if problems:
            raise InputError(problems)
        return tuple(found.values())

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each source by its name."""
        return {source.name: number for number, source, _ in self.sources}

    @cached_property
    def files(self) -> tuple[tuple[File, str], ...]:
        """Every file of every binary package, with the kind that brought it; directories are made only where needed."""
        head = self.definition.head
        found = [(file, "") for file in _installed("", head.files, ())]
        for name, package in head.packages.items():
            found += [(file, "") for file in _installed(name, package.files, guard(package.when))]
        found += [(file, one.kind) for one in self.contributions for file in one.files]
        plain = self.facts.plain
        made = {parent for file, _ in found if not file.guard for parent in _made(plain(file.install))}
        return tuple(
            (replace(file, install="") if _directory(plain(file.install)) in made else file, kind)
            for file, kind in found
        )

    def placeholders(self, text: str) -> str:
        """The text with `%{SOURCE:NAME}` turned into the macro of that source."""
        if "%{SOURCE:" in text:
            for name, number in self.numbers.items():
                text = text.replace(f"%{{SOURCE:{name}}}", f"%{{SOURCE{number}}}")
        return text


_ONCE = "give it one number, in one place"


def _distinct(own: tuple[Subpackage, ...], added: Iterable[Subpackage]) -> tuple[Subpackage, ...]:
    """The subpackages of the definition and of its components.

    Raises:
        InputError: a component adds one that is there already.
    """
    found = {package.name: package for package in own}
    for package in added:
        if package.name in found:
            raise InputError(f"the package '{package.name}' is there already", package.origin, "leave one of them out")
        found[package.name] = package
    return tuple(found.values())


def _within(one: Contribution, guards: Mapping[str, Guard]) -> Contribution:
    """The contribution, its parts under the conditions of the subpackages that they belong to."""
    files = tuple(
        replace(file, guard=_under(guards[file.package], file.guard)) if file.package in guards else file
        for file in one.files
    )
    return replace(one, guard=_under(guards.get(one.package, ()), one.guard), files=files)


def _under(around: Guard, inner: Guard) -> Guard:
    return around + tuple(step for step in inner if step not in around)


def _archive(tree: Tree) -> Source:
    # what a condition keeps out of a build still belongs to the source package
    return Source(tree.archive, tree.source, tree.package, (), tree.because, external=True, origin=tree.origin)


def _subpackage(name: str, package: object, group: str) -> Subpackage:
    from generator.definition.model import Package

    assert isinstance(package, Package)  # noqa: S101  (the model's own type)
    return Subpackage(
        name,
        package.summary,
        package.description,
        package.group or group,
        package.license,
        package.url,
        package.version,
        package.arch,
        guard(package.when),
        package.because,
        package.origin,
    )


def _dependencies(name: str, relations: Relations) -> Iterator[Tag]:
    under = guard(getattr(relations, "when", None))
    for key, tag in DEPENDENCIES.items():
        items: Items[Dependency] = getattr(relations, key.replace("-", "_"), Items())
        for item in items:
            dependency = item.value
            around = _under(under, item.guard)
            value = dependency.dependency
            yield Tag(tag, value, dependency.stage, name, around, item.because, item.origin or relations.origin)


def _installed(name: str, items: Items[InstalledFile], under: Guard) -> Iterable[File]:
    for item in items:
        file = item.value
        path = file.installed_path
        install = f"install -D -m{file.permissions} {file.source} %{{buildroot}}{path}" if file.source else ""
        around = _under(under, item.guard)
        yield File(path, name, file.attributes, install, around, item.because, item.origin)


def _directory(command: str) -> str:
    """The directory that a command makes and does nothing else, empty for others."""
    return command.rpartition("%{buildroot}")[2] if command.startswith("install -d ") else ""


def _made(command: str) -> Iterator[str]:
    """The directories that a command makes on its way to what it is for, which is not one of them."""
    words = command.partition(" | ")[2] or command
    if words.startswith("install -D "):
        path = words.partition("-t %{buildroot}")[2].split(" ")[0] + "/x" if " -t " in words else _target(words)
    elif words.startswith("install -d "):
        path = _target(words)
    else:
        return
    while path := path.rpartition("/")[0]:
        yield path


def _target(command: str) -> str:
    return command.rpartition("%{buildroot}")[2]
