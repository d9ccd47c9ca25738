"""From the nodes of a definition to typed values: every error of a file at once, each with its line.

The walk follows the types: structs of `components.entry`, maps, lists, conditional lists, conditions and scalars.
"""

from __future__ import annotations

import re
import types
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from generator.components.contribution import Guard, guard
from generator.components.entry import PROSE, Entry, Item, Items, Limits, Prose, Shape
from generator.condition import Condition, Constant, Option, atoms, fix, names, parse
from generator.definition.macrotext import fault
from generator.errors import InputError, Problem
from generator.origin import Origin, Text

_NUMBER = re.compile(r"\d{1,10}", re.ASCII)
_GROUP_KEYS = ("when", "because", "then", "else")
_WRONG = object()


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the known key nearest to `name`, else all of them where they are few."""
    from difflib import get_close_matches

    known = sorted(known)
    close = get_close_matches(name, known, 1, 0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known: {', '.join(known) or 'none'}" if len(known) <= 30 else ""


def place(node: Any) -> Origin | None:
    """Where a node of a definition begins, as far as its first scalar tells."""
    if isinstance(node, Text):
        return node.origin
    if isinstance(node, Mapping | list):
        found = next((origin for origin in map(place, node) if origin), None)
        return found or getattr(node, "origin", None)
    return None


class Converter(msgspec.Struct):
    """Converts nodes, collecting problems.

    Conditions are read with the given names, features and options; `choices` are those of each option.
    """

    conditions: Mapping[str, Condition] = {}
    features: Collection[str] = ()
    options: Mapping[str, str] = {}
    choices: Mapping[str, Collection[str]] = {}
    problems: list[Problem] = []

    def problem(self, message: str, node: Any, hint: str = "", origin: Origin | None = None) -> Any:
        """Note a problem at a node (or at `origin` where the node is empty); gives the mark of a wrong value."""
        self.problems.append(Problem(message, place(node) or origin, hint))
        return _WRONG

    def convert(self, node: Any, wanted: Any, what: str, origin: Origin | None = None) -> Any:
        """The node as a value of the wanted type; `what` names it in messages. Wrong parts are left out."""
        value = self._convert(node, wanted, what, place(node) or origin)
        return None if value is _WRONG else value

    def _convert(self, node: Any, wanted: Any, what: str, origin: Origin | None) -> Any:
        kind = get_origin(wanted)
        if wanted is Any:
            return node
        if wanted is Condition or wanted == Condition | None:
            return self.condition(node, what, origin)
        if kind in (Union, types.UnionType):
            return self._convert(node, next(arg for arg in get_args(wanted) if arg is not type(None)), what, origin)
        if kind is Annotated:
            return self._annotated(node, wanted, what, origin)
        if kind is dict:
            return self._map(node, get_args(wanted), what, origin)
        if kind is list:
            items = self._list(node, what, origin)
            made = [self._convert(item, get_args(wanted)[0], f"{what} entry", origin) for item in items]
            return [item for item in made if item is not _WRONG]
        if kind is Items:
            return Items(self._items(node, get_args(wanted)[0], what, (), origin))
        if isinstance(wanted, type) and issubclass(wanted, Entry):
            return self._struct(node, wanted, what, origin)
        return self._scalar(node, wanted, what, origin)

    def condition(self, node: Any, what: str, origin: Origin | None) -> Any:
        """A condition with the options decided; always is None."""
        if not isinstance(node, Text):
            return self.problem(f"{what} is a condition, written as text", node, origin=origin)
        found = self.decided(node, self.features)
        return _WRONG if found is None else None if found == Constant(True) else found

    def decided(self, text: Text, features: Collection[str]) -> Condition | None:
        """The condition that a text says, its options decided; None where it says none, which is noted."""
        try:
            found = parse(text, self.conditions, features, text.origin)
        except InputError as error:
            self.problems.extend(error.problems)
            return None
        unknown = sorted(names(found).options - {*self.options})
        for name in unknown:
            self.problem(f"condition '{text}': unknown option '{name}'", text, nearest(name, self.options))
        for atom in atoms(found):
            if isinstance(atom, Option) and atom.value not in self.choices.get(atom.name, (atom.value,)):
                hint = nearest(atom.value, self.choices[atom.name])
                self.problem(f"condition '{text}': option {atom.name} has no choice '{atom.value}'", text, hint)
                unknown.append(atom.name)
        return None if unknown else fix(found, self.options)

    def _scalar(self, node: Any, wanted: Any, what: str, origin: Origin | None) -> Any:
        if not isinstance(node, Text):
            return self.problem(
                f"{what} is one value, not a {'list' if isinstance(node, list) else 'map'}", node, origin=origin
            )
        if wanted is str:
            wrong = fault(node)
            hint = "write it on one line; in YAML, >- joins several" if "\n" in node else "% stands twice for itself"
            return self.problem(f"{what} {wrong}", node, hint) if wrong else node
        if get_origin(wanted) is Literal:
            if node in get_args(wanted):
                return node
            choices = ", ".join(str(choice) for choice in get_args(wanted) if choice)
            return self.problem(f"{what} is '{node}', which is none of: {choices}", node)
        if wanted is bool:
            known = {"true": True, "false": False}
            return known[node] if node in known else self.problem(f"{what} is '{node}', not true or false", node)
        return self._number(node, Limits(0, 10**9), what)

    def _number(self, node: Text, limits: Limits, what: str) -> Any:
        if _NUMBER.fullmatch(node) and limits.least <= int(node) <= limits.largest:
            return int(node)
        message = f"{what} is '{node}', not a whole number from {limits.least} to {limits.largest}"
        return self.problem(message, node)

    def _annotated(self, node: Any, wanted: Any, what: str, origin: Origin | None) -> Any:
        base, mark = get_args(wanted)[:2]
        if not isinstance(node, Text):
            return self._convert(node, base, what, origin)
        if mark == PROSE:
            return node
        if isinstance(mark, Limits):
            return self._number(node, mark, what)
        value = node if isinstance(mark, Shape) and mark.plain else self._convert(node, base, what, origin)
        if value is not _WRONG and isinstance(mark, Shape) and not mark.compiled.fullmatch(value):
            return self.problem(f"{what} is '{value}', not {mark.saying}", node)
        return value

    def _list(self, node: Any, what: str, origin: Origin | None) -> list[Any]:
        if isinstance(node, list):
            return node
        if isinstance(node, Text) and not node:
            return []
        self.problem(f"{what} is a list", node, "write each entry after a dash", origin)
        return []

    def _map(self, node: Any, wanted: tuple[Any, ...], what: str, origin: Origin | None) -> Any:
        key_type, value_type = wanted
        if isinstance(node, Text) and not node:
            return {}
        if not isinstance(node, Mapping):
            return self.problem(f"{what} is a map of names to values", node, origin=origin)
        made = {}
        for key, child in node.items():
            known = get_args(key_type) if get_origin(key_type) is Literal else ()
            if known and key not in known:
                self.problem(f"{what} has no '{key}'", key, nearest(key, known))
                continue
            value = self._convert(child, value_type, f"{what}.{key}", place(key))
            if value is _WRONG or getattr(value, "when", None) == Constant(False):
                continue
            if isinstance(value, Entry):
                msgspec.structs.force_setattr(value, "origin", place(key))
            named = key if known else self._convert(key, key_type, f"a key of {what}", place(key))
            if named in made:
                self.problem(f"{what} has '{named}' twice", key, "remove one of them")
            elif named is not _WRONG:
                made[named] = value
        return made

    def _struct(self, node: Any, wanted: type[Entry], what: str, origin: Origin | None) -> Any:
        if isinstance(node, Text) and wanted.shorthand and node:
            node = {Text(wanted.shorthand, node.origin): node}
        elif isinstance(node, Text) and not node:
            node = {}
        if not isinstance(node, Mapping):
            hint = "" if wanted.shorthand else f"known keys: {', '.join(sorted(fields(wanted)))}"
            return self.problem(f"{what} is a map", node, hint, origin)
        known, values, wrong = fields(wanted), {}, False
        for key, child in node.items():
            if key not in known:
                self.problem(f"{what} has no key '{key}'", key, nearest(key, known))
                continue
            name, kind = known[key]
            value = self._convert(child, kind, f"{what}.{key}", place(key))
            if required(wanted, name) and isinstance(value, str) and not value.strip():
                value = self.problem(f"{what}.{key} is empty", key)
            wrong = wrong or value is _WRONG
            values[name] = value
        for key, (name, _) in known.items():
            if name not in values and required(wanted, name):
                wrong = True
                self.problem(f"{what} needs '{key}'", node, origin=origin)
        return _WRONG if wrong else wanted(**values, origin=place(node) or origin)

    def _items(self, node: Any, item: Any, what: str, around: Guard, origin: Origin | None) -> Iterable[Item[Any]]:
        for entry in [node] if isinstance(node, Text) and node else self._list(node, what, origin):
            if isinstance(entry, Mapping) and "then" in entry:
                yield from self._group(entry, item, what, around)
                continue
            value = self._convert(self._without_when(entry), item, f"{what} entry", origin)
            under = self._under(entry, around, what)
            if value is not _WRONG and under is not None:
                yield Item(value, under, getattr(value, "because", ""), place(entry))

    def _group(self, entry: Mapping[Any, Any], item: Any, what: str, around: Guard) -> Iterable[Item[Any]]:
        for key in entry:
            if key not in _GROUP_KEYS:
                self.problem(f"a group of {what} has no key '{key}'", key, nearest(key, _GROUP_KEYS))
        condition = self.condition(entry["when"], f"{what}.when", place(entry)) if "when" in entry else None
        if "else" in entry and "when" not in entry:
            self.problem(f"a group of {what} has 'else' without 'when'", entry)
        because = self.convert(entry["because"], Prose, f"{what}.because", place(entry)) if "because" in entry else ""
        for branch, holds in (("then", True), ("else", False)):
            if branch not in entry:
                continue
            under = _within(around, condition, holds)
            inner = entry[branch]
            items = self._items(inner if isinstance(inner, list) else [inner], item, what, under or (), place(entry))
            for index, found in enumerate(items):
                if index == 0 and because and holds:
                    both = "\n".join(text for text in (because, found.because) if text)
                    found = Item(found.value, found.guard, Text(both, place(because)), found.origin)  # noqa: PLW2901
                if under is not None:
                    yield found

    @staticmethod
    def _without_when(entry: Any) -> Any:
        return {key: value for key, value in entry.items() if key != "when"} if isinstance(entry, Mapping) else entry

    def _under(self, entry: Any, around: Guard, what: str) -> Guard | None:
        """The guard of one item, None where it never holds."""
        if not isinstance(entry, Mapping) or "when" not in entry:
            return around
        return _within(around, self.condition(entry["when"], f"{what}.when", place(entry)), True)


def _within(around: Guard, condition: Any, holds: bool) -> Guard | None:
    """The guard of what stands under a condition (None: always), or under its opposite; None where it never holds."""
    if condition is _WRONG:
        return around
    if condition is None or isinstance(condition, Constant):
        return around if (condition is None or condition.value) == holds else None
    ((step, kept),) = guard(condition)
    kept = kept == holds
    if (step, not kept) in around:
        return None
    return around if (step, kept) in around else (*around, (step, kept))


def fields(struct: type[Entry]) -> dict[str, tuple[str, Any]]:
    """The keys of an entry: the field's name and its type; `origin` is not a key.

    Modules with entries have real annotations, not deferred ones: reading those as text takes longer than all else.
    """
    if struct not in _FIELDS:
        hints = {
            name: hint
            for base in reversed(struct.__mro__)
            for name, hint in vars(base).get("__annotations__", {}).items()
        }
        pairs = zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True)
        _FIELDS[struct] = {key: (name, hints[name]) for key, name in pairs if name != "origin"}
    return _FIELDS[struct]


_FIELDS: dict[type[Entry], dict[str, tuple[str, Any]]] = {}


def required(struct: type[Entry], name: str) -> bool:
    """Whether a field of an entry must be given."""
    defaults = struct.__struct_defaults__
    names = struct.__struct_fields__[len(struct.__struct_fields__) - len(defaults) :]
    return name not in names or defaults[names.index(name)] is msgspec.NODEFAULT
