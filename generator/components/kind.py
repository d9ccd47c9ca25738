"""Kinds of components, and the registry that finds them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import msgspec

from generator.components.contribution import Contribution
from generator.components.facts import Facts
from generator.errors import Problem


def _sound(value: Any, facts: Facts) -> Iterable[Problem]:
    """A kind of which every value that fits its type is sound."""
    return ()


class Kind(msgspec.Struct, frozen=True):
    """A kind of component: a key of the definition, the type of what stands under it, and what that means.

    A module of `components` that has a `KIND` is a kind; nothing else has to know it. `expand` gives one contribution
    for all entries, one per entry or one per subpackage, as the kind needs. Its templates are
    `templates/components/KEY/SECTION.j2`, each rendered once per contribution. `order` decides who comes first where
    order is free; a `late` kind sees the subpackages that others added. `check` finds what the types cannot say.
    """

    key: str
    type: Any
    expand: Callable[[Any, Facts], Iterable[Contribution]]
    order: int
    late: bool = False
    check: Callable[[Any, Facts], Iterable[Problem]] = _sound


@cache
def kinds() -> tuple[Kind, ...]:
    """All kinds, in their order."""
    import generator.components as package

    found = []
    for module in pkgutil.iter_modules(package.__path__, "generator.components."):
        kind = getattr(importlib.import_module(module.name), "KIND", None)
        if isinstance(kind, Kind):
            found.append(kind)
    return tuple(sorted(found, key=lambda kind: (kind.late, kind.order, kind.key)))
