"""Whether a branch of a spec is taken on a target, as far as it can be told without librpm.

librpm itself leaves no trace of a line that it has consumed (`%elif`, `%bcond`), so a rule about such lines asks here.
Three values: what depends on macros of the spec, on files or on commands is None, not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from generator.condition.tree import COMPARE
from generator.reading import Reading
from generator.sources.spec import Branch, Condition
from generator.targets import Target

_DEEPEST = 10


class _UnknownError(Exception):
    """The value depends on what only librpm knows."""


@cache
def _macro() -> re.Pattern[str]:
    return re.compile(
        r"%%|%\{(?P<flags>[!?]*)(?P<name>\w+)(?::(?P<body>[^{}]*))?\}"
        r"|%\{(?P<word>with|without|defined|undefined) +(?P<what>\w+)\}|%(?P<plain_flags>[!?]*)(?P<plain>\w+)",
        re.ASCII,
    )


@cache
def _token() -> re.Pattern[str]:
    return re.compile(r"\s*(?:(\d+)(?![\w.])|\"([^\"]*)\"|(&&|\|\||[=!<>]=|[<>!()])|([\w.~+-]+))", re.ASCII)


def taken(conditions: Iterable[Condition], reading: Reading, target: Target, own: Iterable[str]) -> bool | None:
    """Whether all `conditions` hold for a reading on its target; `own` are the macros that the spec itself defines."""
    worlds = _World(reading, target, frozenset(own))
    known = True
    for condition in conditions:
        before = [worlds.holds(branch) for branch in condition.before]
        this = True if condition.branch.keyword == "else" else worlds.holds(condition.branch)
        if this is False or True in before:
            return False
        known = known and this is not None and None not in before
    return True if known else None


class _World:
    """A reading on its target: what macros are there."""

    def __init__(self, reading: Reading, target: Target, own: frozenset[str]) -> None:
        self.own, self.states, self.architecture = own, reading.states, target.architecture
        self.macros = {**target.macros, "name": reading.name, "version": reading.version}

    def holds(self, branch: Branch) -> bool | None:
        expression = branch.expression.partition(" #")[0]
        try:
            expanded = self.expand(expression)
            if branch.keyword.endswith(("arch", "os")):
                words = expanded.split()
                found = (self.architecture if branch.keyword.endswith("arch") else "linux") in words
                return found is not branch.keyword.startswith("ifn")
            return _Expression(expanded).value()
        except _UnknownError:
            return None

    def expand(self, text: str, depth: int = 0) -> str:
        if depth > _DEEPEST:
            raise _UnknownError
        expanded = _macro().sub(lambda found: self.one(found, depth), text)
        if "%" in expanded.replace("%%", ""):
            raise _UnknownError
        return expanded

    def one(self, found: re.Match[str], depth: int) -> str:
        if found[0] == "%%":
            return "%%"
        if word := found["word"]:
            what = found["what"]
            if word.startswith("with"):
                if what not in self.states:
                    raise _UnknownError
                return str(int(self.states[what] is (word == "with")))
            return str(int(self.defined(what) is (word == "defined")))
        name, flags, body = found["name"] or found["plain"], found["flags"] or found["plain_flags"] or "", found["body"]
        if "?" not in flags and body is not None:
            raise _UnknownError  # %{name:argument}
        there = self.defined(name)
        if "?" in flags and there is (flags.count("!") % 2 == 1):
            return ""
        if body is not None:
            return self.expand(body, depth + 1)
        if not there:
            if flags:
                return ""
            raise _UnknownError
        return self.expand(self.macros[name], depth + 1)

    def defined(self, name: str) -> bool:
        if name in self.own:
            raise _UnknownError
        return name in self.macros


class _Expression:
    """rpm's expressions: || and && alike from left to right, then comparisons, then ! and parentheses."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at, text = 0, text.strip()
        while at < len(text):
            match = _token().match(text, at)
            if match is None:
                raise _UnknownError
            kind = ("number", "string", "operator", "string")[(match.lastindex or 1) - 1]
            self.tokens.append((kind, match[match.lastindex or 1]))
            at = match.end()

    def value(self) -> bool:
        value = self.logical()
        if self.tokens:
            raise _UnknownError
        return bool(value)

    def take(self, *operators: str) -> str:
        if self.tokens and self.tokens[0][0] == "operator" and self.tokens[0][1] in operators:
            return self.tokens.pop(0)[1]
        return ""

    def logical(self) -> int | str:
        left = self.relation()
        while sign := self.take("&&", "||"):
            right = self.relation()
            left = int(bool(left) and bool(right)) if sign == "&&" else int(bool(left) or bool(right))
        return left

    def relation(self) -> int | str:
        left = self.primary()
        while sign := self.take(*COMPARE):
            right = self.primary()
            if isinstance(left, int) and isinstance(right, int):
                left = int(COMPARE[sign](left, right))
            elif isinstance(left, str) and isinstance(right, str) and sign in ("==", "!="):
                left = int((left == right) is (sign == "=="))
            else:
                raise _UnknownError
        return left

    def primary(self) -> int | str:
        if self.take("!"):
            return int(not self.primary())
        if self.take("("):
            value = self.logical()
            if not self.take(")"):
                raise _UnknownError
            return value
        if not self.tokens or self.tokens[0][0] == "operator":
            raise _UnknownError
        kind, text = self.tokens.pop(0)
        return int(text) if kind == "number" else text
