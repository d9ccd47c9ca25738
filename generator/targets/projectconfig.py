"""Project configurations of the Open Build Service: the lines in them that define macros."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from generator.errors import InputError
from generator.origin import Origin
from generator.targets.target import Target

_DEFINITION = re.compile(r"%(?:(?:define|global)\s+)?([A-Za-z_]\w*)[ \t]+(.*)", re.ASCII)
_BRANCH = re.compile(r"\s*%(if|ifarch|ifnarch|else|elif|endif)\b(.*)")
_MACRO = re.compile(r"%(?:\{(?:(?P<test>[?!]+))?(?P<braced>\w+)\}|(?P<plain>\w+))")
_TOKEN = re.compile(r'\s*(?:(?P<number>\d+)|"(?P<string>[^"]*)"|(?P<sign>==|!=|<=|>=|<|>|&&|\|\||!|\(|\)))')


def lines_of(text: str) -> list[str]:
    """The lines as an editor counts them; CRLF ends are ends too."""
    return text.replace("\r\n", "\n").split("\n")


def configuration(
    text: str, target: Target, path: PurePosixPath, skipped: list[tuple[int, str]]
) -> Iterator[tuple[int, str]]:
    """The lines of a project configuration that define macros where its conditions hold, each with its number.

    Conditions that ask for more than macros, architectures and numbers go to `skipped`, with their lines.

    Raises:
        InputError: an %if or %endif has no counterpart.
    """
    values = dict(target.macros)
    branches: list[tuple[bool, bool, int]] = []  # active, whether one of its branches was taken, line
    block = False
    for number, line in enumerate(lines_of(text), 1):
        if found := _BRANCH.fullmatch(line):
            _step(branches, found[1], found[2].strip(), values, target, (path, number, skipped))
        elif not all(active for active, _, _ in branches):
            continue
        elif line.rstrip() in ("Macros:", ":Macros"):
            block = line.startswith("M")
        elif block or re.match(r"\s*%(define|global)\b", line):
            yield number, line
            if definition := _DEFINITION.fullmatch(line.strip()):
                values[definition[1]] = definition[2].strip()
    if branches:
        raise InputError("%if without %endif", Origin(path, branches[-1][2]))


def _step(
    branches: list[tuple[bool, bool, int]],
    word: str,
    expression: str,
    values: Mapping[str, str],
    target: Target,
    place: tuple[PurePosixPath, int, list[tuple[int, str]]],
) -> None:
    path, number, skipped = place
    if not word.startswith("if") and not branches:
        raise InputError(f"%{word} without %if", Origin(path, number))
    if word == "endif":
        branches.pop()
        return
    if word == "else":
        _, taken, line = branches.pop()
        branches.append((not taken, True, line))
        return
    holds = False
    outside = branches[:-1] if word == "elif" else branches
    if all(active for active, _, _ in outside):
        if word in ("ifarch", "ifnarch"):
            holds = (target.architecture in expression.replace("%", "").split()) is (word == "ifarch")
        else:
            try:
                holds = bool(_Expression(expression, values).value())
            except _TooMuch:
                skipped.append((number, f"%{word} {expression}"))
                # neither this branch nor its %else: which of them holds is not known
                branches[len(outside) :] = [(False, True, number)]
                return
    if word == "elif":
        _, taken, line = branches.pop()
        branches.append((holds and not taken, taken or holds, line))
    else:
        branches.append((holds, holds, number))


class _TooMuch(Exception):  # noqa: N818 - not an error: the caller skips the condition
    """An expression asks for more than macros and numbers."""


class _Expression:
    """The expressions of project configurations; && and || have the same precedence, as in rpm."""

    def __init__(self, text: str, values: Mapping[str, str]) -> None:
        self.text = _MACRO.sub(lambda found: self._expand(found, values), text).strip()
        self.at = 0
        if "%" in self.text or len(self.text) > 1000:
            raise _TooMuch

    @staticmethod
    def _expand(found: re.Match[str], values: Mapping[str, str]) -> str:
        name = found["braced"] or found["plain"]
        if found["test"] and "!" in found["test"]:
            raise _TooMuch
        if name not in values and not found["test"]:
            raise _TooMuch
        return values.get(name, "")

    def value(self) -> int | str:
        """The value of the whole text."""
        value = self._joined()
        if self.at < len(self.text):
            raise _TooMuch
        return value

    def _token(self) -> tuple[str, str]:
        found = _TOKEN.match(self.text, self.at)
        if not found:
            return "", ""
        return found.lastgroup or "", found[found.lastgroup or 0]

    def _take(self, *signs: str) -> str:
        kind, token = self._token()
        if kind == "sign" and token in signs:
            found = _TOKEN.match(self.text, self.at)
            self.at = found.end() if found else self.at
            return token
        return ""

    def _joined(self) -> int | str:
        value = self._compared()
        while sign := self._take("&&", "||"):
            other = self._compared()
            value = int(bool(value) and bool(other)) if sign == "&&" else int(bool(value) or bool(other))
        return value

    def _compared(self) -> int | str:
        value = self._single()
        sign = self._take("==", "!=", "<=", ">=", "<", ">")
        if not sign:
            return value
        other = self._single()
        if isinstance(value, str) != isinstance(other, str):
            raise _TooMuch
        less, equal = (value < other, value == other)  # type: ignore[operator]  # both are of one type
        more = not less and not equal
        return int({"==": equal, "!=": not equal, "<": less, "<=": not more, ">": more, ">=": not less}[sign])

    def _single(self) -> int | str:
        if self._take("!"):
            return int(not self._single())
        if self._take("("):
            value = self._joined()
            if not self._take(")"):
                raise _TooMuch
            return value
        kind, token = self._token()
        found = _TOKEN.match(self.text, self.at)
        if kind not in ("number", "string") or not found:
            raise _TooMuch
        self.at = found.end()
        return int(token) if kind == "number" else token
