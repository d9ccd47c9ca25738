"""Macros in a spec's text: where they are defined and where they are used. Nothing is expanded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from generator.sources import rpmwords
from generator.sources.speclines import Section, SpecLine

_WRAPPER = re.compile(r"\s*%\{([!?]*\?[!?]*)(\w+):")
_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
_ENDS = re.compile(r"\\.|%[%{(\[]|[{}()\[\]\n]", re.DOTALL)
_DEFINE = re.compile(r"%(define|global)\s+(\w+)(?:\(([^()]*)\))?[ \t]*(?:\\\n)?\s*(.*)\Z", re.DOTALL)
_OTHER = re.compile(r"%(\{)?(bcond|bcond_with|bcond_without|undefine)\s+(\w+)[ \t]*([^\n]*)")
_NESTED = re.compile(r"%(define|global)\s+(\w+)(?:\(([^()]*)\))?|rpm\.(define)\(\s*[\"'\[]+\s*(\w+)")
_USE = re.compile(r"%(?:%|(\{)?([!?]*)([A-Za-z_]\w*))")
_FILE = re.compile(r"%(\{)?(SOURCE|PATCH|S|P)(?:(\d+)\b|:[ \t]*(\d+)\})")
_ARGUMENT = re.compile(r"\s+([\w.-]+)")
_SHELL_CUT = re.compile(r"\$\{[^{}\s]*\Z")
_NUMBERED = r"(?:patch|SOURCE|PATCH|SOURCEURL|PATCHURL)\d+\Z"
_DEFINES = ("%define", "%global", "bcond", "undefine", "rpm.define")

# rpm takes no shorter names for macros (`rpmio/macro.c`), so that %s, %d and %Y in a shell's text are not meant.
_SHORTEST = 3

# Wrappers within wrappers; real specs have two.
_DEEPEST = 40

_CLOSING = {"{": "}", "(": ")", "[": "]"}


class Guard(NamedTuple):
    """A wrapper `%{?name:…}` (or `%{!?name:…}`: `negated`) around a tag, a definition or a command."""

    name: str
    negated: bool = False

    def __str__(self) -> str:
        return f"{'!' if self.negated else ''}?{self.name}"


class Statement(NamedTuple):
    """What stands on a line, or in a wrapper on it; of several lines where a macro's braces or a body go on."""

    line: int
    text: str
    guards: tuple[Guard, ...] = ()


class Definition(msgspec.Struct, frozen=True):
    r"""A macro's definition. `keyword`: `define`, `global`, `bcond`, `bcond_with`, `bcond_without`, `undefine`, `lua`.

    `parameters` is the text in the parentheses of a parametric macro, None for a plain one. `body` is as written, its
    lines separated by `\n` (and their backslashes kept); the default of a `bcond`. A `nested` definition comes into
    force when the macro, or the Lua code, around it is expanded.
    """

    keyword: str
    name: str
    body: str
    line: int
    parameters: str | None = None
    guards: tuple[Guard, ...] = ()
    nested: bool = False

    @property
    def feature(self) -> bool:
        """Whether this is a `%bcond`."""
        return self.keyword.startswith("bcond")


class Use(msgspec.Struct, frozen=True):
    """A macro's use. `optional` ones (`%{?name}`, `%{!?name:…}`) expand to something sensible when it is undefined.

    `argument` is the first word after the name, within braces (`with`, `defined`, …). `comment` ones stand in a
    comment, where rpm expands them all the same; `column` counts from 0 and is that of the %.
    """

    name: str
    line: int
    column: int
    braced: bool
    optional: bool = False
    argument: str = ""
    comment: bool = False


class FileUse(msgspec.Struct, frozen=True):
    """A use of a source or patch by number: `%{SOURCE3}`, `%PATCH3`, `%{S:3}`, `%{P:3}`."""

    patch: bool
    number: int
    line: int
    comment: bool = False


def groups(lines: Sequence[SpecLine]) -> Iterator[tuple[SpecLine, str]]:
    """The lines that rpm expands together: the first one, and their text joined by newlines."""
    at = 0
    while at < len(lines):
        end = at + 1
        while end < len(lines) and lines[end].first == lines[at].number:
            end += 1
        yield lines[at], lines[at].text if end == at + 1 else "\n".join(line.text for line in lines[at:end])
        at = end


def closing(text: str, start: int, end: int) -> int | None:
    """The position of the brace that closes the one before `start`, at most `end`."""
    depth = 1
    for match in _BRACES.finditer(text, start, end):
        if match[0] == "{":
            depth += 1
        elif match[0] == "}":
            depth -= 1
            if not depth:
                return match.start()
    return None


def statements(text: str, line: int) -> Iterator[Statement]:
    """The statements of some lines, the first of which is number `line`; wrappers become guards."""
    yield from _statements(text, line, 0, len(text), ())


def _statements(text: str, line: int, start: int, end: int, guards: tuple[Guard, ...]) -> Iterator[Statement]:
    at, counted, number = start, 0, line
    while at < end:
        match = _WRAPPER.match(text, at, end) if len(guards) < _DEEPEST else None
        close = closing(text, match.end(), end) if match else None
        if match and close is not None:
            guard = Guard(match[2], match[1].count("!") % 2 == 1)
            yield from _statements(text, line, match.end(), close, (*guards, guard))
            at = close + 1
            continue
        stop = _statement_end(text, at, end)
        statement = text[at:stop]
        bare = statement.lstrip()
        if bare:
            begin = at + len(statement) - len(bare)
            number += text.count("\n", counted, begin)
            counted = begin
            yield Statement(number, bare.rstrip(), guards)
        at = stop + 1


def _statement_end(text: str, start: int, end: int) -> int:
    """The newline that ends a statement: the first one that is neither escaped nor within brackets."""
    depth = {"{": 0, "(": 0, "[": 0}
    for match in _ENDS.finditer(text, start, end):
        mark = match[0]
        if mark == "\n":
            if not any(depth.values()):
                return match.start()
        elif mark[0] == "%":
            if mark[1] != "%":
                depth[mark[1]] += 1
        elif mark[0] != "\\":
            for opening, closed in _CLOSING.items():
                if depth[opening] and mark in (opening, closed):
                    depth[opening] += 1 if mark == opening else -1
    return end


def definitions(lines: Sequence[SpecLine]) -> Iterator[Definition]:
    """All definitions in these lines, nested ones included, in their order; none from comments."""
    for first, text in groups(lines):
        if first.comment or not any(word in text for word in _DEFINES):
            continue
        for statement in statements(text, first.number):
            yield from _definitions(statement)


def _definitions(statement: Statement) -> Iterator[Definition]:
    text, begin = statement.text, 0
    if match := _DEFINE.match(text):
        keyword, name, parameters, body = match.groups()
        yield Definition(keyword, name, body, statement.line, parameters, statement.guards)
        begin = match.start(4)
    elif match := _OTHER.match(text):
        body = match[4].rstrip().removesuffix("}") if match[1] else match[4]
        yield Definition(match[2], match[3], body.strip(), statement.line, None, statement.guards)
        begin = match.end()
    for match in _NESTED.finditer(text, begin):
        line = statement.line + text.count("\n", 0, match.start())
        end = _nested_end(text, match.end())
        body = text[match.end() : end].strip()
        keyword, name = (match[1], match[2]) if match[1] else ("lua", match[5])
        yield Definition(keyword, name, "" if keyword == "lua" else body, line, match[3], statement.guards, nested=True)


def _nested_end(text: str, start: int) -> int:
    end = _statement_end(text, start, len(text))
    close = closing(text, start, end)
    return end if close is None else close


def uses(lines: Sequence[SpecLine], sections: Sequence[Section]) -> Iterator[Use]:
    """All uses of macros, in their order.

    Left out are rpm's own words (rpmwords), escaped ones (`%%`), a parametric macro's parameters (`%1`, `%{-f}`),
    names too short for rpm, Lua code, the shell's `${name%suffix}`, and %dnl lines.
    """
    for first, text in groups(lines):
        if "%" not in text or (first.comment and text.lstrip().startswith("%dnl")):
            continue
        files = sections[first.section].kind == "files"
        for match, line, column in _use_matches(first, text):
            name = match[3]
            if len(name) < _SHORTEST or name in rpmwords.BUILTINS or name in rpmwords.CONDITIONALS:
                continue
            if re.match(_NUMBERED, name) or (not match[1] and files and name in rpmwords.FILE_DIRECTIVES):
                continue
            if not match[1] and column == 0 and first.directive == "section":
                continue
            argument = _ARGUMENT.match(text, match.end()) if match[1] else None
            yield Use(
                name, line, column, bool(match[1]), "?" in match[2], argument[1] if argument else "", first.comment
            )


def _use_matches(first: SpecLine, text: str) -> Iterator[tuple[re.Match[str], int, int]]:
    at, line, line_start = 0, first.number, 0
    cuts = "${" in text
    while match := _USE.search(text, at):
        at = match.end()
        if match[3] is None:
            continue
        if match[3] == "lua" and match[1] and text[at : at + 1] == ":":
            close = closing(text, at, len(text))
            at = len(text) if close is None else close
            continue
        while (newline := text.find("\n", line_start, match.start())) >= 0:
            line, line_start = line + 1, newline + 1
        if cuts and not match[1] and _SHELL_CUT.search(text, max(line_start, match.start() - 80), match.start()):
            continue
        yield match, line, match.start() - line_start


def file_uses(lines: Sequence[SpecLine]) -> Iterator[FileUse]:
    """All uses of sources and patches by number, in their order."""
    for line in lines:
        if "%" in line.text:
            for match in _FILE.finditer(line.text.replace("%%", "__")):
                number = match[3] or match[4]
                if match[3] is None or match[2] in ("SOURCE", "PATCH"):
                    yield FileUse(match[2].startswith("P"), int(number), line.number, line.comment)
