"""The layout of a spec file: which section and which conditional blocks each line stands in.

Lines are put together as rpm does it (`build/parseSpec.c`): a line that ends in a backslash, or within an open `%{`,
`%(` or `%[`, is expanded together with the next. In a definition's body and within braces nothing begins a section or
a block; after a mere backslash it does (`%configure \\`, `%if …`). Nothing is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from generator.sources import rpmwords

_DEFINITION = re.compile(r"\s*%(?:define|global)\b")
_CONDITIONAL = re.compile(r"\s*%(if|ifarch|ifnarch|ifos|ifnos|elif|elifarch|elifos|else|endif)\b(.*)")
_HEADER = re.compile(r"%(\w+)(?:\s+(.*))?\Z", re.ASCII)
_BRACKETS = re.compile(r"\\.?|%[%{(\[]|[{}()\[\]]")
_OPENING = re.compile(r"%[{(\[]")
_CLOSING = {"{": "}", "(": ")", "[": "]"}

_ALONE = (False,)

# A bracket that is never closed makes rpm read the rest of the file as one; here that line then stands alone. Each
# such attempt reads to the end, so there is an end to them.
_MOST_UNCLOSED = 20

# Real specs nest four blocks deep; deeper ones than this are not told apart.
_DEEPEST = 60


class Branch(msgspec.Struct, frozen=True):
    """One branch of a block: `keyword` (`if`, `ifarch`, `elif`, `else`, …), its expression as written, its line."""

    keyword: str
    expression: str
    line: int


class Block(msgspec.Struct, frozen=True):
    """A conditional block: its branches, and the line of its %endif (the last line where that is missing)."""

    branches: tuple[Branch, ...]
    end: int
    closed: bool = True

    @property
    def start(self) -> int:
        """The line of the block's first condition."""
        return self.branches[0].line


class Section(msgspec.Struct, frozen=True):
    """A section: `kind` is its word (`preamble` for the first, `package` for a subpackage's tags).

    `package` is the subpackage as written: None for the main package; with `-n` the whole name, and `whole_name` is
    set. `files` are the arguments of `-f`, `program` that of `-p` (`/bin/sh`, `<lua>`), `rest` what follows `--` of a
    trigger. `start` and `end` are its first and last line; the preamble has no header line, and may be empty.
    """

    kind: str
    start: int
    end: int
    package: str | None = None
    whole_name: bool = False
    files: tuple[str, ...] = ()
    program: str = ""
    rest: str = ""

    @property
    def package_name(self) -> str:
        """The binary package's name as a spec would write it: `%{name}`, `%{name}-doc`, or what `-n` says."""
        if self.package is None:
            return "%{name}"
        return self.package if self.whole_name else f"%{{name}}-{self.package}"


class SpecLine(NamedTuple):
    r"""One line. `end` is its line end (`\n`, `\r\n` or nothing), `section` its section's position.

    `within` are the conditional blocks around it, outermost first, each with the branch taken, as positions; the lines
    of a block's own %if, %else and %endif stand outside of it. `first` is the line that this one continues (its own
    number otherwise). `inside` tells that it begins in a definition's body or in a macro's braces. `directive` is
    `section`, a word of a conditional, or empty. `comment` lines begin with # or %dnl.
    """

    number: int
    text: str
    end: str
    section: int
    within: tuple[tuple[int, int], ...] = ()
    first: int = 0
    inside: bool = False
    directive: str = ""
    comment: bool = False


class Layout(msgspec.Struct, frozen=True):
    """All lines, sections and blocks of a spec file.

    `unmatched` are the lines of conditionals that have no beginning or no end, `unclosed` those with a bracket that
    is never closed.
    """

    lines: tuple[SpecLine, ...]
    sections: tuple[Section, ...]
    blocks: tuple[Block, ...]
    unmatched: tuple[int, ...]
    unclosed: tuple[int, ...]


def lay_out(text: str) -> Layout:
    """Find the layout of a spec file's text. Never fails."""
    return _Reader(text).read()


def split_words(text: str) -> list[str]:
    """The words of a line; blanks within `%{…}`, `%(…)` and `%[…]` do not separate."""
    words, word, depth = [], "", 0
    for part in re.findall(r"%[{(\[]|[{}()\[\]]|\s+|[^\s%{}()\[\]]+|%", text):
        if part[0].isspace() and not depth:
            words.append(word)
            word = ""
            continue
        if part[-1] in "{([" and (depth or part[0] == "%"):
            depth += 1
        elif part in "})]" and depth:
            depth -= 1
        word += part
    return [word for word in [*words, word] if word]


def physical_lines(text: str) -> Iterator[tuple[str, str]]:
    r"""The lines of a text, each with its end; only `\n` ends a line, as in rpm, and a `\r` before it belongs to it."""
    for line in re.findall(r"[^\n]*\n|[^\n]+\Z", text):
        bare = line.removesuffix("\n")
        bare = bare.removesuffix("\r") if len(bare) < len(line) else bare
        yield bare, line[len(bare) :]


class _Joiner:
    """Counts open brackets over the lines that rpm would expand together."""

    def __init__(self) -> None:
        self.open: dict[str, int] = {"{": 0, "(": 0, "[": 0}
        self.backslash = False

    @property
    def brackets(self) -> bool:
        return any(self.open.values())

    def add(self, line: str) -> bool:
        """Take one more line; whether the next one belongs to it."""
        self.backslash = False
        for match in _BRACKETS.finditer(line):
            mark = match[0]
            if mark[0] == "\\":
                self.backslash = len(mark) == 1
            elif mark[0] == "%":
                if mark[1] != "%":
                    self.open[mark[1]] += 1
            else:
                for opening, closing in _CLOSING.items():
                    if self.open[opening] and mark in (opening, closing):
                        self.open[opening] += 1 if mark == opening else -1
        return self.backslash or self.brackets


class _OpenBlock(msgspec.Struct):
    index: int
    branches: list[Branch]
    section: int
    last_changed: int


class _Reader:
    def __init__(self, text: str) -> None:
        self.pieces = list(physical_lines(text))
        self.lines: list[SpecLine] = []
        self.sections: list[Section] = [Section("preamble", 1, 0)]
        self.section = 0
        self.blocks: list[Block | None] = []
        self.stack: list[_OpenBlock] = []
        self.around: tuple[tuple[int, int], ...] = ()
        self.too_deep = 0
        self.unmatched: list[int] = []
        self.unclosed: list[int] = []

    def read(self) -> Layout:
        at = 0
        while at < len(self.pieces):
            count, inside = self.joined(at)
            for offset in range(count):
                self.line(at + offset, at + 1, inside[offset])
            at += count
        for block in self.stack:
            self.blocks[block.index] = Block(tuple(block.branches), len(self.lines), closed=False)
            self.unmatched.append(block.branches[0].line)
        return Layout(
            tuple(self.lines),
            tuple(self.ended()),
            tuple(block for block in self.blocks if block is not None),
            tuple(sorted(self.unmatched)),
            tuple(self.unclosed),
        )

    def ended(self) -> Iterator[Section]:
        starts = [section.start for section in self.sections[1:]]
        for section, following in zip(self.sections, [*starts, len(self.lines) + 1], strict=True):
            yield msgspec.structs.replace(section, end=following - 1)

    def joined(self, at: int) -> tuple[int, Sequence[bool]]:
        """How many lines from `at` on belong together, and for each whether it begins inside a macro or a body."""
        first = self.pieces[at][0]
        if not (first.endswith("\\") or _OPENING.search(first)) or _is_comment(first):
            return 1, _ALONE
        joiner, inside, index = _Joiner(), [False], at
        defines = bool(_DEFINITION.match(first))
        may_bracket = len(self.unclosed) < _MOST_UNCLOSED
        while joiner.add(self.pieces[index][0]):
            if not joiner.backslash and not may_bracket:
                break
            index += 1
            if index >= len(self.pieces):
                if joiner.brackets:
                    self.unclosed.append(at + 1)
                    return 1, _ALONE
                break
            inside.append(defines or joiner.brackets)
        return len(inside), inside

    def line(self, index: int, first: int, inside: bool) -> None:
        text, end = self.pieces[index]
        number, directive = index + 1, ""
        bare = text.lstrip()
        comment = not inside and bare[:1] in ("#", "%") and _is_comment(bare)
        within: tuple[tuple[int, int], ...] | None = None
        if bare[:1] == "%" and not inside and not comment:
            if conditional := _CONDITIONAL.match(text):
                directive = conditional[1]
                within = self.conditional(directive, self.expression(index, conditional[2]), number)
            elif (header := _HEADER.match(text)) and header[1].lower() in rpmwords.SECTIONS:
                directive = "section"
                self.sections.append(_section(header[1].lower(), header[2] or "", number))
                self.section = len(self.sections) - 1
                for block in self.stack:
                    block.last_changed = self.section
        if directive and directive != "section":
            self.around = self.within()
        if within is None:
            within = self.around
        self.lines.append(SpecLine(number, text, end, self.section, within, first, inside, directive, comment))

    def expression(self, index: int, text: str) -> str:
        """A condition with the lines that it goes on over."""
        while text.endswith("\\") and index + 1 < len(self.pieces):
            index += 1
            text = text[:-1].rstrip() + " " + self.pieces[index][0].strip()
        return text.strip()

    def within(self) -> tuple[tuple[int, int], ...]:
        return tuple((block.index, len(block.branches) - 1) for block in self.stack)

    def conditional(self, word: str, expression: str, number: int) -> tuple[tuple[int, int], ...]:
        if self.too_deep or (word.startswith("if") and len(self.stack) >= _DEEPEST):
            self.too_deep += 1 if word.startswith("if") else -1 if word == "endif" else 0
            return self.within()
        if word.startswith("if"):
            outside = self.within()
            self.stack.append(_OpenBlock(len(self.blocks), [Branch(word, expression, number)], self.section, -1))
            self.blocks.append(None)
            return outside
        if not self.stack:
            self.unmatched.append(number)
            return ()
        block = self.stack[-1]
        if word == "endif":
            self.stack.pop()
            self.blocks[block.index] = Block(tuple(block.branches), number)
            if self.section == block.section and block.last_changed >= 0:
                self.section = block.last_changed
            return self.within()
        block.branches.append(Branch(word, expression, number))
        self.section = block.section
        return self.within()[:-1]


def _is_comment(text: str) -> bool:
    bare = text.lstrip()
    return bare.startswith("#") or (bare.startswith("%dnl") and bool(re.match(r"%dnl\b", bare)))


def _section(kind: str, arguments: str, line: int) -> Section:
    words = split_words(arguments)
    package, whole_name, files, program, rest = None, False, [], "", ""
    while words:
        word = words.pop(0)
        if word == "--":
            rest = " ".join(words)
            break
        option, value = word[:2], word[2:]
        if option in ("-n", "-f", "-p", "-l", "-P"):
            value = value or (words.pop(0) if words else "")
            if option == "-n":
                package, whole_name = value, True
            elif option == "-f":
                files.append(value)
            elif option == "-p":
                program = value
        elif not word.startswith("-") and package is None:
            package = word
    return Section(kind, line, line, package, whole_name, tuple(files), program, rest)
