"""YAML as a tree in which everything knows its line: the part of the language that definitions use.

Mappings with plain keys, sequences and strings; no anchors, aliases, tags, merged keys, duplicate keys, several
documents or control characters. Every scalar is a string: `27.10`, `yes` and `2024-01-01` stay what was written, an
empty value, `~` and `null` are the empty string. Read as events of libyaml, whose marks are exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple, Protocol, TypeAlias, cast

import msgspec

from generator import late
from generator.errors import InputError, Problem
from generator.origin import Origin, Text

with late.patterns("yaml"):
    import yaml

# Depth of nested collections; definitions need about six.
_DEEPEST = 40
_TOO_DEEP = "nested too deeply"

# What YAML 1.1 takes for line ends beside \n would make line numbers differ from an editor's.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\r(?!\n)")
_CONTROL_IN_VALUE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_NULLS = frozenset({"", "~", "null"})


class Span(NamedTuple):
    """The lines of an entry, from 1, both included: from its key or dash to the end of its value.

    `column` is where the key or the dash stands, from 0; `inline` tells that it stands in `{…}` or `[…]`, where other
    entries may share its lines.
    """

    start: int
    end: int
    column: int
    inline: bool = False


class Entries(dict[Text, "Node"]):
    """A mapping: its keys are Text with an origin; `spans` has the lines of each entry."""

    __slots__ = ("origin", "spans")

    def __init__(self, origin: Origin) -> None:
        super().__init__()
        self.origin = origin
        self.spans: dict[str, Span] = {}

    def key_origin(self, key: str) -> Origin:
        """Where the key was written.

        Raises:
            KeyError: there is no such key.
        """
        return Origin(self.origin.path, self.spans[key].start)

    def plain(self) -> dict[str, Node]:
        """The entries with keys of the exact type str, which msgspec asks for in a struct."""
        return {str.__str__(key): value for key, value in self.items()}


class Items(list["Node"]):
    """A sequence; `spans` has the lines of each item, in the same order."""

    __slots__ = ("origin", "spans")

    def __init__(self, origin: Origin) -> None:
        super().__init__()
        self.origin = origin
        self.spans: list[Span] = []


Node: TypeAlias = Text | Entries | Items


class Document(msgspec.Struct, frozen=True):
    """A YAML file: its text, and its tree (a mapping; an empty file is an empty one)."""

    path: PurePosixPath
    text: str
    root: Entries

    def node(self, *keys: str | int) -> Node:
        """The node at this path: keys of mappings and positions in sequences.

        Raises:
            KeyError, IndexError: there is none.
        """
        node: Node = self.root
        for key in keys:
            if isinstance(node, Entries) and isinstance(key, str):
                node = node[Text(key)]
            elif isinstance(node, Items) and isinstance(key, int):
                node = node[key]
            else:
                raise KeyError(key)
        return node

    def span(self, *keys: str | int) -> Span:
        """The lines of the entry or item at this path.

        Raises:
            KeyError, IndexError: there is none.
        """
        parent, last = self.node(*keys[:-1]), keys[-1]
        if isinstance(parent, Entries) and isinstance(last, str):
            return parent.spans[last]
        if isinstance(parent, Items) and isinstance(last, int):
            return parent.spans[last]
        raise KeyError(last)

    def origin(self, *keys: str | int) -> Origin:
        """Where the entry or item at this path begins; of the whole file without a path."""
        return Origin(self.path, self.span(*keys).start) if keys else self.root.origin


def load_nodes(content: bytes, path: PurePosixPath) -> Document:
    """Read a YAML file.

    Raises:
        InputError: it is not in the language described above. All that is wrong is reported at once, each with its
            line; a syntax error ends the search.
    """
    document, problems = read_nodes(content, path)
    if problems or document is None:
        raise InputError(problems)
    return document


def read_nodes(content: bytes, path: PurePosixPath) -> tuple[Document | None, list[Problem]]:
    """Read a YAML file as far as possible: the tree and what is wrong with it.

    There is no tree where there is a syntax error or no mapping; then there is a problem. A tree with problems has the
    first of two equal keys, and what stood behind a forbidden tag or anchor.
    """
    text, problems = _decoded(content, path)
    if text is None:
        return None, problems
    try:
        root = _Builder(text, path, problems).document()
    except yaml.YAMLError as error:
        problems.append(_explained(error, path, [*text.split("\n"), ""]))
    except _GiveUpError as error:
        problems += error.problems
    else:
        return Document(path, text, root), problems
    return None, problems


class _Mark(Protocol):
    line: int
    column: int


class _Event(Protocol):
    """libyaml's events as they are: each has its marks, and those attributes that its kind has."""

    start_mark: _Mark
    end_mark: _Mark
    anchor: str | None
    tag: str | None
    value: str
    style: str | None
    flow_style: bool


class _GiveUpError(InputError):
    """What was found makes the rest unreadable."""


def _decoded(content: bytes, path: PurePosixPath) -> tuple[str | None, list[Problem]]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [Problem("this is not UTF-8", Origin(path, line), "save the file as UTF-8")]
    problems = [
        Problem(
            f"control character U+{ord(match[0]):04X}",
            Origin(path, text.count("\n", 0, match.start()) + 1),
            "save the file without a byte order mark" if match[0] == "\ufeff" else "",
        )
        for match in _CONTROL.finditer(text)
    ]
    return (None if problems else text), problems


# libyaml's words, and what a person most probably did.
_HINTS = {
    "found character that cannot start any token": "quote a value that begins with %, @ or a backtick",
    "mapping values are not allowed in this context": "quote a value that holds `: `, or mend the indentation",
    "could not find expected ':'": "is a colon missing, or the indentation wrong?",
    "did not find expected key": "is the indentation wrong, or a quote within a quoted value?",
    "did not find expected '-' indicator": "is the indentation wrong?",
    "did not find expected ',' or ']'": "the list that begins here is not closed",
    "did not find expected ',' or '}'": "the mapping that begins here is not closed",
    "found unexpected end of stream": "the quote that opens here is not closed",
    "found unknown escape character": "in double quotes a backslash is written twice; or use single quotes",
}
_BEGINS_HERE = ("did not find expected ',' or", "found unexpected end of stream")


def _explained(error: yaml.YAMLError, path: PurePosixPath, lines: list[str]) -> Problem:
    if not isinstance(error, yaml.MarkedYAMLError):
        return Problem(f"this is not YAML: {error}", Origin(path, 1))
    mark = error.problem_mark or error.context_mark
    message = error.problem or "this is not YAML"
    if message == "exceeded maximum nesting depth":  # libyaml since 0.2.6, and some distributions' 0.2.5
        message = _TOO_DEEP
    if error.context_mark and message.startswith(_BEGINS_HERE):
        mark = error.context_mark
    # where a file ends too early, libyaml's mark stands below its last line
    last = max(1, len(lines) - (1 if lines[-2] else 2))
    line = min(mark.line + 1, last) if mark else 1
    hint = "indent with blanks, not tabs" if re.match(r"\s*\t", lines[line - 1]) else _HINTS.get(message, "")
    return Problem(f"YAML: {message}", Origin(path, line), hint)


class _Builder:
    """Builds the tree from libyaml's events, and collects what the language does not have."""

    def __init__(self, text: str, path: PurePosixPath, problems: list[Problem]) -> None:
        self.lines = text.split("\n")
        self.path = path
        self.problems = problems
        self.events = cast("Iterator[_Event]", yaml.parse(text, Loader=yaml.CSafeLoader))
        self.end = 0  # the last line, from 1, of the node built last

    def origin(self, mark: _Mark) -> Origin:
        return Origin(self.path, mark.line + 1)

    def problem(self, message: str, mark: _Mark, hint: str = "") -> None:
        self.problems.append(Problem(message, self.origin(mark), hint))

    def document(self) -> Entries:
        root: Node | None = None
        for event in self.events:
            if _is(event, yaml.DocumentStartEvent):
                if root is not None:
                    self.problem("a second document begins here", event.start_mark, "remove the `---`")
                    break
                first = next(self.events)
                root = self.node(first, 0)
                if not isinstance(root, Entries):
                    if root != "":
                        origin = self.origin(first.start_mark)
                        raise _GiveUpError("this file is no mapping", origin, "it consists of `key: value` lines")
                    root = Entries(Origin(self.path, 1))
        return root if isinstance(root, Entries) else Entries(Origin(self.path, 1))

    def node(self, event: _Event, depth: int) -> Node:
        if _is(event, yaml.AliasEvent):
            self.problem(f"the alias *{event.anchor} is not read here", event.start_mark, "repeat the value")
            self.end = event.end_mark.line + 1
            return Text("", self.origin(event.start_mark))
        if event.anchor is not None:
            self.problem(f"the anchor &{event.anchor} is not read here", event.start_mark, "remove it")
        if event.tag is not None:
            self.problem("tags (!…) are not read here", event.start_mark, "quote a value that begins with !")
        if _is(event, yaml.ScalarEvent):
            return self.scalar(event)
        if depth >= _DEEPEST:
            raise _GiveUpError(_TOO_DEEP, self.origin(event.start_mark))
        if _is(event, yaml.MappingStartEvent):
            return self.mapping(event, depth)
        return self.sequence(event, depth)

    def scalar(self, event: _Event) -> Text:
        start, end = event.start_mark.line, event.end_mark.line
        if event.style in ("|", ">"):
            end = self.block_end(start, end, event.end_mark.column)
        self.end = end + 1
        if found := _CONTROL_IN_VALUE.search(event.value):
            self.problem(f"control character U+{ord(found[0]):04X} in a value", event.start_mark)
        null = not event.style and event.value in _NULLS
        return Text("" if null else event.value, self.origin(event.start_mark))

    def block_end(self, start: int, end: int, column: int) -> int:
        """The last line of a literal or folded text; blank lines after it belong to it only if it keeps them (`+`)."""
        if column == 0 and end > start:
            end -= 1
        end = min(end, len(self.lines) - 1)
        if not re.search(r"[|>]\d?\+", self.lines[start]):
            while end > start and not self.lines[end].strip():
                end -= 1
        return end

    def mapping(self, event: _Event, depth: int) -> Entries:
        entries = Entries(self.origin(event.start_mark))
        inline = bool(event.flow_style)
        for key_event in self.events:
            if _is(key_event, yaml.MappingEndEvent):
                if inline:
                    self.end = key_event.end_mark.line + 1
                break
            key = self.key(key_event, depth)
            key_end = self.end
            value_event = next(self.events)
            value = self.node(value_event, depth + 1)
            if _is_missing(value_event):
                self.end = key_end
            if key is None:
                continue
            if key in entries:
                before = entries.spans[key].start
                self.problem(f"the key `{key}` is already on line {before}", key_event.start_mark, "remove one of them")
                continue
            start = key_event.start_mark
            entries[key] = value
            entries.spans[str.__str__(key)] = Span(start.line + 1, self.end, start.column, inline)
        return entries

    def key(self, event: _Event, depth: int) -> Text | None:
        key = self.node(event, depth + 1)
        if not isinstance(key, Text):
            self.problem("a key must be a plain word", event.start_mark, "quote a value that begins with { or [")
            return None
        if _is(event, yaml.AliasEvent):
            return None
        if not event.value:
            self.problem("a key is empty", event.start_mark)
            return None
        if event.value == "<<" and not event.style:
            self.problem("merged keys (<<) are not read here", event.start_mark, "repeat the entries")
            return None
        return Text(event.value, key.origin)

    def sequence(self, event: _Event, depth: int) -> Items:
        items = Items(self.origin(event.start_mark))
        inline = bool(event.flow_style)
        for item_event in self.events:
            if _is(item_event, yaml.SequenceEndEvent):
                if inline:
                    self.end = item_event.end_mark.line + 1
                break
            start, column = item_event.start_mark.line, item_event.start_mark.column
            if not inline:
                column = event.start_mark.column
                start = self.dash(start, column)
            items.append(self.node(item_event, depth + 1))
            if _is_missing(item_event):
                self.end = start + 1
            items.spans.append(Span(start + 1, self.end, column, inline))
        return items

    def dash(self, line: int, column: int) -> int:
        """The line with the dash of an item whose value begins on `line`: that one, or one above."""
        at = min(line, len(self.lines) - 1)
        while at > 0:
            text = self.lines[at]
            if text[column : column + 1] == "-" and not text[:column].strip(" -?:"):
                return at
            at -= 1
        return at


def _is(event: _Event, kind: type[yaml.Event]) -> bool:
    return isinstance(event, kind)


def _is_missing(event: _Event) -> bool:
    """Whether nothing at all was written for this value."""
    return _is(event, yaml.ScalarEvent) and not event.style and event.value == ""
