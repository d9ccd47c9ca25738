"""Patch templates: a change of upstream's code, written once, rendered into a patch for the tree at hand.

A folder with `patch.toml` (the mail, the anchored edits, the generations) and the Jinja templates of the files that the
change adds (docs/patch-templates.md). Whatever the templates say is plain text; the diff is made from the tree before
and after.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from email.header import Header
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from generator.errors import InputError
from generator.origin import Origin
from generator.render.templates import TEMPLATES, Templates
from generator.upstream.anchor import AnchoredEdit
from generator.upstream.diff import diff_trees
from generator.upstream.generation import Generation, choose
from generator.upstream.tree import Tree

_MBOX = "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001"
_FILE = "patch.toml"


class EditTable(msgspec.Struct, forbid_unknown_fields=True):
    """An edit: whole lines that must occur exactly once, and what replaces them (nothing: they only must be there)."""

    file: str
    anchor: str
    replacement: str | None = None


class GenerationTable(msgspec.Struct, forbid_unknown_fields=True):
    """A generation; with `extends` it has what the other has, and its own tables are laid over that."""

    name: str
    about: str
    extends: str = ""
    edits: list[str] = []
    files: dict[str, str] = {}
    variables: dict[str, str | bool | int | list[str]] = {}


class PatchTable(msgspec.Struct, forbid_unknown_fields=True):
    """What `patch.toml` holds. `body` is the text of the mail, `references` become its `SUSE-Bug:` lines."""

    subject: str
    author: str
    body: str
    references: list[str]
    edits: dict[str, EditTable]
    generations: list[GenerationTable]


@dataclass(frozen=True, slots=True)
class RenderedPatch:
    """A patch that was made for a tree: its bytes, the generation that fitted, and the tree with the patch."""

    content: bytes
    generation: Generation
    tree: Tree


class PatchTemplate:
    """A patch template that was read from its folder. `name` is the folder's."""

    def __init__(self, folder: Path) -> None:
        """Read it.

        Raises:
            InputError: there is none, or it is not as it should be; with its file.
        """
        self.folder = folder
        self.name = folder.name
        self.origin = Origin(PurePosixPath(folder / _FILE), 1)
        text = self._read(_FILE)
        try:
            self.table = msgspec.convert(tomllib.loads(text), PatchTable)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise InputError(f"this patch template cannot be read: {error}", self.origin) from None
        self._generations = self._resolved()

    @classmethod
    def of_project(cls, name: str, wanted: Origin | None = None) -> PatchTemplate:
        """The project's own patch template of this name; `wanted` is where it is asked for.

        Raises:
            InputError: there is none; the hint lists those that are there.
        """
        folder = TEMPLATES / "patches" / name
        if not (folder / _FILE).is_file():
            there = ", ".join(sorted(path.parent.name for path in folder.parent.glob(f"*/{_FILE}")))
            raise InputError(f"there is no patch template {name!r}", wanted, f"there are {there}")
        return cls(folder)

    def render(
        self, tree: Tree, scope: Mapping[str, Any] | None = None, date: str = "", wanted: Origin | None = None
    ) -> RenderedPatch:
        """The patch for a tree. `scope` are values for the templates beside the generation's own variables.

        `date` is the mail's, as RFC 5322 has it; without one the mail has none. `wanted` is where the patch is asked
        for: a tree that does not fit is told there, as the template is rarely at fault.

        Raises:
            InputError: no generation fits the tree, or more than one does; a template is wrong.
        """
        templates = Templates()
        generations = [self._generation(table, templates, scope or {}) for table in self._generations]
        chosen = choose(tree, generations, f"the patch {self.name}", wanted or self.origin)
        table = self._table(chosen.name)
        values = {**(scope or {}), **table.variables}
        sources = zip(chosen.added, table.files.values(), strict=True)
        after = chosen.apply(tree, {path: self._rendered(source, templates, values) for path, source in sources})
        mail = self._mail(templates, values, date)
        return RenderedPatch(mail + diff_trees(tree, after), chosen, after)

    def _mail(self, templates: Templates, scope: Mapping[str, Any], date: str) -> bytes:
        table = self.table
        fields = [("From", table.author), *([("Date", date)] if date else []), ("Subject", f"[PATCH] {table.subject}")]
        lines = [_MBOX, *(f"{name}: {_encoded(value)}" for name, value in fields), ""]
        lines += [self._text(table.body.strip("\n"), "body", templates, scope).rstrip("\n"), ""]
        lines += [f"SUSE-Bug: {reference}" for reference in table.references]
        return "\n".join([*lines, "---", "", ""]).encode()

    def _table(self, name: str) -> GenerationTable:
        return next(table for table in self._generations if table.name == name)

    def _resolved(self) -> list[GenerationTable]:
        found: dict[str, GenerationTable] = {}
        for table in self.table.generations:
            if table.extends and table.extends not in found:
                message = f"the generation {table.name} extends {table.extends!r}, which does not stand before it"
                raise InputError(message, self.origin)
            base = found.get(table.extends) or GenerationTable("", "")
            table.edits = table.edits or base.edits
            table.files = {**base.files, **table.files}
            table.variables = {**base.variables, **table.variables}
            for edit in table.edits:
                if edit not in self.table.edits:
                    raise InputError(f"the generation {table.name} has an unknown edit {edit!r}", self.origin)
            if table.name in found:
                raise InputError(f"there are two generations {table.name}", self.origin)
            found[table.name] = table
        return list(found.values())

    def _generation(self, table: GenerationTable, templates: Templates, scope: Mapping[str, Any]) -> Generation:
        values = {**scope, **table.variables}
        edits = []
        for name in table.edits:
            edit = self.table.edits[name]
            anchor = self._text(edit.anchor, f"edits.{name}.anchor", templates, values)
            new = edit.replacement
            new = None if new is None else self._text(new, f"edits.{name}.replacement", templates, values)
            if not anchor.strip() or not anchor.endswith("\n") or (new and not new.endswith("\n")):
                raise InputError(f"the edit {name!r}: anchor and replacement are whole lines", self.origin)
            edits.append(AnchoredEdit(self._text(edit.file, f"edits.{name}.file", templates, values), anchor, new))
        added = tuple(self._text(path, f"files.{path}", templates, values) for path in table.files)
        return Generation(table.name, table.about, tuple(edits), added)

    def _text(self, text: str, key: str, templates: Templates, scope: Mapping[str, Any]) -> str:
        """A piece of patch.toml, rendered; `key` tells messages which one."""
        if "${{" not in text and "[%" not in text:
            return text
        return self._jinja(text, f"{self.folder / _FILE}: {key}", templates, scope)

    def _rendered(self, source: str, templates: Templates, scope: Mapping[str, Any]) -> str:
        return self._jinja(self._read(source), str(self.folder / source), templates, scope)

    @staticmethod
    def _jinja(text: str, name: str, templates: Templates, scope: Mapping[str, Any]) -> str:
        lines = templates.text(text, name, scope, None)
        return "\n".join(line.text for line in lines) + ("\n" if text.endswith("\n") else "")

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self.folder / name}: cannot be read: {error}") from error


def _encoded(value: str) -> str:
    return value if value.isascii() else Header(value, "utf-8", maxlinelen=998).encode()
