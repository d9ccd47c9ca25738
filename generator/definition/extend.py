"""One definition extends another: maps merge, items of lists are replaced by identity, `remove` takes entries away."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from generator.components.entry import Entry, Items
from generator.definition.convert import fields, nearest, place
from generator.errors import Problem


def merge(base: Any, over: Any, wanted: Any) -> Any:
    """What `over` says on top of `base`, both nodes of a value of the wanted type; neither is changed."""
    kind = get_origin(wanted)
    if kind in (Union, types.UnionType):
        return merge(base, over, next(arg for arg in get_args(wanted) if arg is not type(None)))
    if kind is Annotated:
        return merge(base, over, get_args(wanted)[0])
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        if kind is dict:
            return _merged(base, over, dict.fromkeys(over, get_args(wanted)[1]))
        if isinstance(wanted, type) and issubclass(wanted, Entry):
            return _merged(base, over, {key: type_ for key, (_, type_) in fields(wanted).items()})
    if kind in (list, Items) and isinstance(base, list) and isinstance(over, list):
        return _listed(base, over, get_args(wanted)[0])
    return over


def _merged(base: Mapping[Any, Any], over: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> dict[Any, Any]:
    """The keys of `base` in their order, then the new ones; a replaced key is written where `over` writes it."""
    written = {key: key for key in over}
    result = {written.get(key, key): node for key, node in base.items()}
    for key, node in over.items():
        result[key] = merge(base[key], node, wanted.get(key, str)) if key in base else node
    return result


def _listed(base: list[Any], over: list[Any], item: Any) -> list[Any]:
    result = list(base)
    positions = {identity(node, item): at for at, node in enumerate(base)}
    for node in over:
        name = identity(node, item)
        if name is not None and name in positions:
            at = positions[name]
            result[at] = merge(result[at], node, item)
        else:
            result.append(node)
    return result


def identity(node: Any, item: Any) -> str | None:
    """What names an item of a list: the field that its type says, or the first word of a scalar."""
    if isinstance(node, str):
        return node.split()[0] if node.split() else None
    if isinstance(node, Mapping) and isinstance(item, type) and issubclass(item, Entry):
        key = next((key for key, (name, _) in fields(item).items() if name == item.identity), "")
        value = node.get(key)
        return identity(value, str) if isinstance(value, str) else None
    return None


def remove(node: Any, unwanted: Any, wanted: Any, what: str, problems: list[Problem]) -> Any:
    """The node without the entries that `unwanted` names: a map goes down, a list names keys or identities."""
    kind = get_origin(wanted)
    if kind in (Union, types.UnionType):
        wanted = next(arg for arg in get_args(wanted) if arg is not type(None))
        kind = get_origin(wanted)
    if isinstance(unwanted, Mapping) and isinstance(node, Mapping):
        result = dict(node)
        inner: Mapping[Any, Any] = (
            dict.fromkeys(node, get_args(wanted)[1])
            if kind is dict
            else {key: type_ for key, (_, type_) in fields(wanted).items()}
        )
        for key, below in unwanted.items():
            if key not in result:
                problems.append(Problem(f"remove: {what} has no '{key}'", place(key), nearest(key, map(str, node))))
                continue
            result[key] = remove(result[key], below, inner.get(key, str), f"{what}.{key}", problems)
        return result
    names = [str(name) for name in (unwanted if isinstance(unwanted, list) else [unwanted])]
    if isinstance(node, Mapping):
        known = [str(key) for key in node]
        kept: Any = {key: value for key, value in node.items() if key not in names}
    else:
        item = get_args(wanted)[0] if kind in (list, Items) else str
        known = [name for name in (identity(entry, item) for entry in node) if name]
        kept = [entry for entry in node if identity(entry, item) not in names]
    missing = [name for name in (unwanted if isinstance(unwanted, list) else [unwanted]) if name not in known]
    problems += [Problem(f"remove: {what} has no '{name}'", place(name), nearest(name, known)) for name in missing]
    return kept
