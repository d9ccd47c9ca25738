"""Rendering: a Definition becomes Sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from generator.components.contribution import Source
from generator.condition import And, Constant, negated
from generator.definition.model import Definition, Tree
from generator.errors import InputError, Problem
from generator.origin import Origin, Text
from generator.render.assembly import Assembly
from generator.render.lines import Line
from generator.render.service import service
from generator.render.spec import SpecWriter
from generator.render.templates import Templates
from generator.sources import Expectation, External, Mention, SourceFile, Sources, UpstreamPatch, UpstreamTree, Waiver
from generator.sources.changes import Changes


def render(definition: Definition) -> Sources:
    """The files of the package that the definition describes.

    Raises:
        InputError: a template or a file that the definition needs is wrong or missing.
    """
    assembly = Assembly.of(definition)
    templates = Templates()
    scope = _scope(definition, assembly)
    head = definition.head
    files: dict[str, SourceFile] = {}
    expectations = [*_expectations(definition)]
    changes = definition.files.get(f"{head.name}.changes")
    year = _year(definition)
    _add(files, f"{head.name}.spec", SpecWriter(assembly, templates, scope).lines(year))
    if changes:
        file = _verbatim(f"{head.name}.changes", definition)
        files[file.name] = _with_entries(file, definition, templates, scope)
    if head.service:
        _add(files, "_service", service(definition, assembly.facts))
    problems, externals, mentions = [], {}, list[Mention]()
    for tree in head.trees.values():
        for patch in tree.used:
            name = assembly.facts.plain(patch.file)
            if name in definition.files:
                files[name] = _verbatim(name, definition)
            else:
                externals[name] = External(name, patch.origin)
    for _, source, kind in assembly.sources:
        name = assembly.facts.plain(source.name).rpartition("/")[2]
        if source.external:
            externals[name] = External(name, source.origin)
        elif not _own(files, name, source, kind, definition, templates, {**scope, **_of(assembly, source)}, mentions):
            hint = f"put {name} or {name}.j2 beside package.yaml, or say external: true"
            problems.append(Problem(f"the source {name} is nowhere", source.origin, hint))
    if problems:
        raise InputError(problems)
    return Sources(
        name=str(head.name),
        files=dict(sorted(files.items())),
        externals=tuple(externals.values()),
        expectations=tuple(expectations),
        waivers=tuple(Waiver(w.rule, w.reason, w.match, w.origin) for w in head.waive),
        targets=tuple(map(str, head.targets)),
        features=tuple(map(str, head.features)),
        mentions=tuple(mentions),
        defined=True,
        upstream=tuple(
            UpstreamTree(str(name), assembly.facts.plain(tree.archive), _patches(tree, assembly), tree.origin)
            for name, tree in head.trees.items()
        ),
    )


def _patches(tree: Tree, assembly: Assembly) -> tuple[UpstreamPatch, ...]:
    found = []
    for one in tree.used:
        given = tuple(condition for condition in (tree.when, one.when) if condition is not None)
        when = And(given) if len(given) > 1 else next(iter(given), None)
        found.append(UpstreamPatch(assembly.facts.plain(one.file), one.strip, str(one.template), when, one.origin))
    return tuple(found)


def _scope(definition: Definition, assembly: Assembly) -> dict[str, Any]:
    """What every template sees: the definition's facts, every kind of component by its key, with _ for -."""
    head = definition.head
    scope: dict[str, Any] = {kind.replace("-", "_"): value for kind, value in definition.components.items()}
    scope.update(
        name=head.name,
        version=assembly.facts.plain(head.version),
        url=head.url,
        summary=head.summary,
        macros={name: assembly.facts.plain(macro.value) for name, macro in head.macros.items()},
        facts=head.facts,
        expect=head.expect,
        options=definition.options,
        trees=head.trees,
        packages={package.name: package for package in assembly.facts.subpackages},
        plain=assembly.facts.plain,
    )
    return scope


def _of(assembly: Assembly, source: Source) -> Mapping[str, Any]:
    """The scope of the contribution that brought a source."""
    return next((one.scope for one in assembly.contributions if source in one.sources), {})


def _own(
    files: dict[str, SourceFile],
    name: str,
    source: Source,
    kind: str,
    definition: Definition,
    templates: Templates,
    scope: Mapping[str, Any],
    mentions: list[Mention],
) -> bool:
    """Add a source that is ours: the folder's file or template, else the component's template."""
    if name in definition.files:
        files[name] = _verbatim(name, definition)
        return True
    template = definition.files.get(f"{name}.j2")
    if template is not None:
        text = template.text
        templates.environment.printed.clear()
        lines = _numbered(templates, text, template.path, scope)
        _add(files, name, lines)
        mentions += _mentions(files[name], templates.environment.printed)
        return True
    if source.template:
        lines = templates.render(f"components/{kind}/{source.template}.j2", scope, source.origin, kind) or []
        _add(files, name, lines)
        return True
    return False


def _mentions(file: SourceFile, printed: list[Text]) -> list[Mention]:
    """The facts that a text of the package's own tells, each once."""
    told = {str(value): value.origin for value in printed if value.strip()}
    return [Mention(file.name, text, file.text.count(text), origin) for text, origin in told.items()]


def _numbered(templates: Templates, text: str, path: str, scope: Mapping[str, Any]) -> list[Line]:
    """A template of the definition's folder; a line without a value is its own origin as far as it can be found."""
    lines = templates.text(text, path, scope, None)
    at, raw = 0, text.split("\n")
    found = []
    for line in lines:
        place = next((number for number in range(at, len(raw)) if raw[number] == line.text), None)
        if place is not None:
            at = place
        origin = line.origin or Origin(PurePosixPath(path), (place if place is not None else at) + 1)
        found.append(Line(line.text, origin, line.kind))
    return found


def _add(files: dict[str, SourceFile], name: str, lines: list[Line]) -> None:
    text = "".join(f"{line.text}\n" for line in lines)
    content = text.encode("utf-8", "surrogateescape")
    files[name] = SourceFile(
        name, content, tuple(line.origin for line in lines), kinds=tuple(line.kind for line in lines)
    )


def _verbatim(name: str, definition: Definition) -> SourceFile:
    file = definition.files[name]
    path = PurePosixPath(file.path)
    count = len(SourceFile(name, file.content).lines)
    return SourceFile(name, file.content, tuple(Origin(path, number) for number in range(1, count + 1)))


def _with_entries(
    file: SourceFile, definition: Definition, templates: Templates, scope: Mapping[str, Any]
) -> SourceFile:
    """The .changes with the entries of choices that differ from the default: the file changes.OPTION.CHOICE.j2."""
    for name, choice in definition.options.items():
        entry = definition.files.get(f"changes.{name}.{choice}.j2")
        if entry is None or choice == definition.head.options[name].default:
            continue
        lines = _numbered(templates, entry.content.decode("utf-8"), entry.path, scope)
        content = "".join(f"{line.text}\n" for line in lines).encode() + file.content
        file = SourceFile(file.name, content, (*(line.origin for line in lines), *file.origins))
    return file


def _expectations(definition: Definition) -> list[Expectation]:
    found = []
    for expect in definition.head.expect:
        elsewhere = negated(expect.on or Constant(True))
        for fact, present, on in (
            (expect.present or expect.only, True, expect.on),
            (expect.absent, False, expect.on),
            (expect.only, False, elsewhere),
        ):
            if fact and on != Constant(False):
                found.append(Expectation(fact, present, on, expect.because, expect.origin))
    return found


def _year(definition: Definition) -> int:
    """The year of the newest entry of .changes."""
    file = definition.files.get(f"{definition.head.name}.changes")
    if file is None:
        hint = "write its first entry, or copy one"
        raise InputError(f"{definition.head.name}.changes is missing beside package.yaml", definition.head.origin, hint)
    newest = Changes.parse(file.path, file.content).newest
    if newest is None or newest.date is None:
        raise InputError("the newest entry has no date", Origin(PurePosixPath(file.path), 2))
    return newest.date.year
