"""One definition extends another: maps merge, items of lists are replaced by identity, `remove` takes entries away.

Items of conditional lists keep their identity within `then` and `else`: one that is replaced stays under the
conditions that it stands under; `remove` takes it out of every branch, and leaves no group without items.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from generator.components.entry import Entry, Items
from generator.definition.convert import fields, nearest, place
from generator.errors import Problem
from generator.origin import Text

_BRANCHES = ("then", "else")


def _plain(wanted: Any) -> Any:
    """The type without what is optional or only marked."""
    while get_origin(wanted) in (Union, types.UnionType, Annotated):
        wanted = next(arg for arg in get_args(wanted) if arg is not type(None))
    return wanted


def _inner(wanted: Any, keys: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """The types of a map's values, by key."""
    if get_origin(wanted) is dict:
        return dict.fromkeys(keys, get_args(wanted)[1])
    if isinstance(wanted, type) and issubclass(wanted, Entry):
        return {key: type_ for key, (_, type_) in fields(wanted).items()}
    return wanted if isinstance(wanted, Mapping) else {}


def merge(base: Any, over: Any, wanted: Any, problems: list[Problem]) -> Any:
    """What `over` says on top of `base`, both nodes of a value of the wanted type; neither is changed.

    A mapping in place of the type has the types of the keys of a map.
    """
    wanted = _plain(wanted)
    kind = get_origin(wanted)
    if isinstance(base, Mapping) and isinstance(over, Mapping) and (inner := _inner(wanted, over)):
        written = {key: key for key in over}
        result = {written.get(key, key): node for key, node in base.items()}
        for key, node in over.items():
            result[key] = merge(base[key], node, inner.get(key, str), problems) if key in base else node
        return result
    if kind is Items:
        base, over = _as_list(base), _as_list(over)
    if kind in (list, Items) and isinstance(base, list) and isinstance(over, list):
        return _listed(base, over, _plain(get_args(wanted)[0]), problems)
    return over


def _as_list(node: Any) -> Any:
    return ([node] if node else []) if isinstance(node, Text) else node


def _listed(base: list[Any], over: list[Any], item: Any, problems: list[Problem]) -> list[Any]:
    result = list(base)
    for node in over:
        name = identity(node, item)
        found = [old for old in _leaves(result) if name is not None and identity(old, item) == name]
        if len(found) > 1:
            message = f"'{name}' stands in the list {len(found)} times, so it is not clear which one this replaces"
            problems.append(Problem(message, place(node), "remove it, and write this under another name"))
        elif found:
            result = _replaced(result, _instead(found[0], merge(found[0], node, item, problems)))
        else:
            result.append(node)
    return result


def _instead(old: Any, new: Any) -> Callable[[Any], list[Any]]:
    return lambda node: [new if node is old else node]


def _is_group(node: Any) -> bool:
    return isinstance(node, Mapping) and any(branch in node for branch in _BRANCHES)


def _leaves(nodes: Any) -> Iterator[Any]:
    """The items of a list, those in groups too."""
    for node in nodes if isinstance(nodes, list) else [nodes]:
        if _is_group(node):
            for branch in _BRANCHES:
                if branch in node:
                    yield from _leaves(node[branch])
        else:
            yield node


def _replaced(nodes: list[Any], change: Callable[[Any], list[Any]]) -> list[Any]:
    """The list with each item changed into what takes its place; groups without items go."""
    result: list[Any] = []
    for node in nodes:
        if not _is_group(node):
            result += change(node)
            continue
        group = dict(node)
        for branch in _BRANCHES:
            if branch in node:
                inner = node[branch]
                left = _replaced(inner if isinstance(inner, list) else [inner], change)
                if left:
                    group[branch] = left
                else:
                    del group[branch]
        if _is_group(group):
            result.append(group)
    return result


def identity(node: Any, item: Any) -> str | None:
    """What names an item of a list: the field that its type says, or the first word of a scalar."""
    if isinstance(node, str):
        return node.split()[0] if node.split() else None
    if isinstance(node, Mapping) and isinstance(item, type) and issubclass(item, Entry):
        key = next((key for key, (name, _) in fields(item).items() if name == item.identity), "")
        value, source = node.get(key), node.get("source")
        if isinstance(value, str) and value.endswith("/") and isinstance(source, str):
            value += source.rpartition("/")[2]  # as a file that takes the name of its source
        return identity(value, str) if isinstance(value, str) else None
    return None


def remove(node: Any, unwanted: Any, wanted: Any, what: str, problems: list[Problem]) -> Any:
    """The node without the entries that `unwanted` names: a map goes down, a list names keys or identities."""
    wanted = _plain(wanted)
    if isinstance(unwanted, Mapping):
        if not isinstance(node, Mapping):
            problems.append(Problem(f"remove: {what} has no keys", place(unwanted), "name its items in a list"))
            return node
        result = dict(node)
        inner = _inner(wanted, node)
        for key, below in unwanted.items():
            if key in result:
                result[key] = remove(result[key], below, inner.get(key, str), f"{what}.{key}".lstrip("."), problems)
            else:
                problems.append(_lacking(what, key, map(str, node)))
        return result
    names = _names(unwanted, what, problems)
    if isinstance(node, Mapping):
        problems += [_lacking(what, name, map(str, node)) for name in names if name not in node]
        return {key: value for key, value in node.items() if key not in names}
    item = _plain(get_args(wanted)[0]) if get_origin(wanted) in (list, Items) else str
    nodes = _as_list(node)
    known = {identity(entry, item) for entry in _leaves(nodes)} - {None}
    problems += [_lacking(what, name, known) for name in names if name not in known]
    return _replaced(nodes, lambda entry: [] if identity(entry, item) in names else [entry])


def _names(unwanted: Any, what: str, problems: list[Problem]) -> list[Text]:
    found = []
    for name in unwanted if isinstance(unwanted, list) else [unwanted]:
        if isinstance(name, Text) and name:
            found.append(name)
        else:
            hint = "a key, a dependency's name, a patch's number …"
            problems.append(Problem(f"remove: {what or 'it'} takes a list of names", place(name), hint))
    return found


def _lacking(what: str, name: Text, known: Any) -> Problem:
    message = f"remove: {what} has no '{name}'" if what else f"remove: there is no '{name}'"
    return Problem(message, place(name), nearest(name, known))
