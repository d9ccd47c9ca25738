"""JSON Schema (draft 2020-12) of a definition, from the same types that the converter walks.

It says what an editor can know: keys, their types and the shape of their values. What conditions name, and what fits
together, only loading tells. A scalar may also be the number or the boolean that other readers of YAML make of it.
"""

from __future__ import annotations

import inspect
import sys
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from generator.components.entry import PROSE, Entry, Items, Limits, Prose, Shape
from generator.components.kind import kinds
from generator.condition import Condition
from generator.definition.convert import fields, required
from generator.definition.model import Head

JSON = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_SCALAR: JSON = {"type": ["string", "number", "boolean", "null"]}
_GIVEN: JSON = {"type": ["string", "number", "boolean"]}
_ONE_LINE = "^[^\n]*$"
_CONDITION = "a condition, such as: sles and sle_version >= 150000"


def schema() -> JSON:
    """The schema. A definition that extends another needs no more than to say so, and its name."""
    whole, partial = _Writer(whole=True), _Writer(whole=False)
    root = whole.struct(Head)
    part = partial.struct(Head)
    for writer, one in ((whole, root), (partial, part)):
        one["description"] = "The definition of a package."
        one["properties"] |= {kind.key: writer.kind(kind.key, kind.type, kind.expand.__module__) for kind in kinds()}
    part["properties"]["remove"] = {"$ref": "#/$defs/remove"}
    part["required"] = ["extends", "name"]
    return {
        "$schema": DIALECT,
        "title": "package.yaml",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": part,
        "else": root,
        "$defs": {"condition": _condition(), "remove": _remove(), **whole.definitions, **partial.definitions},
    }


def _condition() -> JSON:
    return {"type": ["string", "boolean"], "minLength": 1, "description": _CONDITION}


def _remove() -> JSON:
    below = {"$ref": "#/$defs/remove"}
    return {
        "description": "What is taken away: a map goes down, a list names keys or identities.",
        "anyOf": [
            {"type": "object", "additionalProperties": below},
            {"type": "array", "items": _GIVEN},
            _GIVEN,
        ],
    }


class _Writer:
    """Writes types as schemas; those of structs and of conditional lists are kept by name.

    Not `whole`: nothing is required, as what is left out stands in the definition that this one extends.
    """

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole
        self.definitions: dict[str, JSON] = {}
        self._names: dict[Any, str] = {}

    def kind(self, key: str, wanted: Any, module: str) -> JSON:
        """A kind of component; what it is stands at the head of its module."""
        about = _first(inspect.getdoc(sys.modules[module])).removeprefix(f"The kind `{key}`: ")
        return {"description": about, **self.of(wanted)}

    def of(self, wanted: Any) -> JSON:
        """The schema of what the converter takes for this type."""
        kind = get_origin(wanted)
        if wanted is Any:
            return {}
        if wanted is Condition or wanted == Condition | None:
            return {"$ref": "#/$defs/condition"}
        if kind in (Union, types.UnionType):
            return self.of(next(arg for arg in get_args(wanted) if arg is not type(None)))
        if kind is Annotated:
            return _marked(*get_args(wanted)[:2])
        if kind is dict:
            key, value = get_args(wanted)
            return _or_empty({"type": "object", "propertyNames": _key(key), "additionalProperties": self.of(value)})
        if kind is list:
            return _or_empty({"type": "array", "items": self.of(get_args(wanted)[0])})
        if kind is Items:
            return self.items(get_args(wanted)[0])
        if isinstance(wanted, type) and issubclass(wanted, Entry):
            return {"$ref": f"#/$defs/{self.named(wanted, wanted.__name__)}"}
        return _scalar(wanted)

    def named(self, wanted: Any, name: str, conditional: bool = False) -> str:
        """The name under which the schema of a struct is kept, written at the first call."""
        key = (wanted, conditional)
        if key not in self._names:
            name = name if self.whole else f"{name}.part"
            while name in self.definitions:
                name += "_"
            self._names[key] = name
            self.definitions[name] = {}  # its place, as a struct can hold itself
            self.definitions[name] = self.item(wanted) if conditional else self.entry(wanted)
        return self._names[key]

    def entry(self, wanted: type[Entry]) -> JSON:
        """A struct, or the scalar that stands for it."""
        whole = self.struct(wanted)
        if wanted.shorthand:
            shorthand = next(type_ for name, type_ in fields(wanted).values() if name == wanted.shorthand)
            return {"anyOf": [self.given(shorthand), whole], "description": whole.pop("description")}
        return whole if "required" in whole else _or_empty(whole)

    def struct(self, wanted: type[Entry]) -> JSON:
        """A struct as a mapping of its keys."""
        needed = [key for key, (name, _) in fields(wanted).items() if required(wanted, name)] if self.whole else []
        return {
            "description": inspect.getdoc(wanted) or "",
            "type": "object",
            "properties": {
                key: self.given(type_) if key in needed else self.of(type_)
                for key, (_, type_) in fields(wanted).items()
            },
            "additionalProperties": False,
            **({"required": needed} if needed else {}),
        }

    def given(self, wanted: Any) -> JSON:
        """The type of a value that cannot be empty."""
        found = self.of(wanted)
        if found.get("type") == _SCALAR["type"]:
            return {**found, **_GIVEN, "minLength": 1}
        return found

    def items(self, item: Any) -> JSON:
        """A list whose items can stand under conditions; one scalar stands for a list of it."""
        one = {"$ref": f"#/$defs/{self.named(item, f'{item.__name__}.item', conditional=True)}"}
        return {
            "anyOf": [{"type": "array", "items": one}, self.given(str), {"type": ["null", "string"], "maxLength": 0}]
        }

    def item(self, item: Any) -> JSON:
        """An item of a conditional list: an entry, which may have `when`, or a group."""
        one = {"$ref": f"#/$defs/{self.named(item, f'{item.__name__}.item', conditional=True)}"}
        entry = self.entry(item)
        for part in entry.get("anyOf", [entry]):
            if "properties" in part:
                part["properties"] |= {"when": {"$ref": "#/$defs/condition"}}
        group: JSON = {
            "description": "Items that stand under a condition, and those that stand where it does not hold.",
            "type": "object",
            "properties": {
                "when": {"$ref": "#/$defs/condition"},
                "because": _marked(*get_args(Prose)[:2]),
                "then": {"anyOf": [one, {"type": "array", "items": one}]},
                "else": {"anyOf": [one, {"type": "array", "items": one}]},
            },
            "required": ["then"],
            "dependentRequired": {"else": ["when"]},
            "additionalProperties": False,
        }
        return {"if": {"type": "object", "required": ["then"]}, "then": group, "else": entry}


def _or_empty(found: JSON) -> JSON:
    """The same, or nothing: an empty value."""
    return {**found, "type": [found["type"], "null", "string"], "maxLength": 0}


def _marked(base: Any, mark: Any) -> JSON:
    """A type with what is said of it."""
    if mark == PROSE:
        return _SCALAR
    if isinstance(mark, Limits):
        return _number(mark)
    if isinstance(mark, Shape):
        kind = _SCALAR if mark.compiled.fullmatch("") else _GIVEN
        return {**kind, "pattern": f"^(?:{mark.pattern})$", "description": mark.saying}
    return _scalar(base)


def _scalar(wanted: Any) -> JSON:
    if get_origin(wanted) is Literal:
        return {"enum": list(get_args(wanted))}
    if wanted is bool:
        return {"enum": ["true", "false", True, False]}
    if wanted is int:
        return _number(Limits(0, 10**9))
    return {**_SCALAR, "pattern": _ONE_LINE, "description": "macro text on one line"}


def _number(limits: Limits) -> JSON:
    return {
        "type": ["integer", "string"],
        "pattern": f"^0*[0-9]{{1,{len(str(limits.largest))}}}$",
        "minimum": limits.least,
        "maximum": limits.largest,
        "description": f"a whole number from {limits.least} to {limits.largest}",
    }


def _key(wanted: Any) -> JSON:
    """What a key must look like, which is a string whatever stands for it."""
    found = {**_marked(*get_args(wanted)[:2])} if get_origin(wanted) is Annotated else _scalar(wanted)
    return {key: value for key, value in found.items() if key in ("enum", "pattern")}


def _first(text: str | None) -> str:
    """The first paragraph of a text, on one line."""
    return " ".join((text or "").partition("\n\n")[0].split())
