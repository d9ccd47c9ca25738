"""What a spec's %prep does: which trees it unpacks, and which patches it applies to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from generator.sources.speclines import Section, SpecLine, split_words
from generator.sources.specmacros import Guard, file_uses, groups, statements

_SETUP = re.compile(r"%(setup|autosetup)\b(.*)\Z", re.DOTALL)
_PATCH = re.compile(r"%(?:patch(\d*)\b|\{patch(\d+)\})(.*)\Z", re.DOTALL)
_AUTOPATCH = re.compile(r"%\{?autopatch\b(.*)\Z", re.DOTALL)
_ALL_PATCHES = re.compile(r"(?<!%)%(?:\{patches\}|patches\b)")
_WITH_VALUE = frozenset("abdFmMnopPSz")

Kind = Literal["patch", "autopatch", "autosetup", "shell"]


class Setup(msgspec.Struct, frozen=True):
    """A %setup or %autosetup: it unpacks a source and makes its folder, the tree, the current one.

    `name` is the argument of `-n`, empty for the default `%{name}-%{version}`. `sources` are the numbers of the
    sources that it unpacks: 0 except with `-T`, and those of `-a` and `-b`, as written. `words` are all its arguments.
    """

    line: int
    automatic: bool
    name: str
    sources: tuple[str, ...]
    words: tuple[str, ...]
    guards: tuple[Guard, ...] = ()


class Application(msgspec.Struct, frozen=True):
    """Where patches are applied.

    `numbers` are the patches', as written (`%patch -P 3`, `%patch3`, `%patch 3`; may be a macro), empty for all of
    them (`autopatch`, `autosetup`, `%{patches}`; `words` may limit these). `shell` is a line that hands patches to a
    command of its own. `strip` is the argument of `-p`. `setup` is what unpacked the tree that is current there. A
    `commented` one stands in a comment.
    """

    kind: Kind
    line: int
    numbers: tuple[str, ...]
    words: tuple[str, ...] = ()
    strip: str = ""
    setup: Setup | None = None
    guards: tuple[Guard, ...] = ()
    commented: bool = False


class Prep(msgspec.Struct, frozen=True):
    """The %prep sections of a spec: what unpacks, and what applies patches, each in its order."""

    setups: tuple[Setup, ...]
    applications: tuple[Application, ...]


def prep(lines: Sequence[SpecLine], sections: Sequence[Section]) -> Prep:
    """Read the %prep sections."""
    setups: list[Setup] = []
    applications: list[Application] = []
    within = [line for line in lines if sections[line.section].kind == "prep"]
    by_hand = _by_hand(within)
    for first, text in groups(within):
        if first.directive or "%" not in text:
            continue
        if first.comment:
            applications += _commented(first, setups)
            continue
        if by_hand and not _begins_with_command(text):
            for number in range(first.number, first.number + text.count("\n") + 1):
                if number in by_hand:
                    current = setups[-1] if setups else None
                    applications.append(Application("shell", number, by_hand[number], setup=current))
        for statement in statements(text, first.number):
            if match := _SETUP.match(statement.text):
                setup = _setup(match, statement.line, statement.guards)
                setups.append(setup)
                if setup.automatic and not _given(setup.words, "N"):
                    strip = _value(setup.words, "p")
                    applications.append(
                        Application("autosetup", setup.line, (), setup.words, strip, setup, setup.guards)
                    )
            else:
                current = setups[-1] if setups else None
                applications += _applications(statement.text, statement.line, current, statement.guards)
    return Prep(tuple(setups), tuple(sorted(applications, key=lambda application: application.line)))


def _applications(
    text: str, line: int, setup: Setup | None, guards: tuple[Guard, ...], commented: bool = False
) -> Iterator[Application]:
    if match := _PATCH.match(text):
        words = tuple(split_words(match[3]))
        numbers = _patch_numbers(match[1] or match[2] or "", words)
        yield Application("patch", line, numbers, words, _value(words, "p"), setup, guards, commented)
    elif match := _AUTOPATCH.match(text):
        words = tuple(split_words(match[1].removesuffix("}")))
        yield Application("autopatch", line, (), words, _value(words, "p"), setup, guards, commented)


def _commented(line: SpecLine, setups: list[Setup]) -> Iterator[Application]:
    # In a comment the macro may be escaped, as rpm expands it there too.
    text = line.text.lstrip().removeprefix("%dnl").lstrip("# \t").replace("%%", "%", 1)
    yield from _applications(text, line.number, setups[-1] if setups else None, (), commented=True)


def _by_hand(lines: Sequence[SpecLine]) -> dict[int, tuple[str, ...]]:
    """The lines that name patches by their macros, and the numbers; none of them for a line that names all."""
    found: dict[int, tuple[str, ...]] = {}
    for use in file_uses(lines):
        if use.patch and not use.comment:
            found[use.line] = (*found.get(use.line, ()), str(use.number))
    found |= {line.number: () for line in lines if not line.comment and _ALL_PATCHES.search(line.text)}
    return found


def _begins_with_command(text: str) -> bool:
    return bool(re.match(r"\s*%\{?(?:patch|autopatch|setup|autosetup|define|global)\b", text))


def _setup(match: re.Match[str], line: int, guards: tuple[Guard, ...]) -> Setup:
    words = tuple(split_words(match[2]))
    sources = [] if _given(words, "T") else ["0"]
    for option in "ba":
        sources += _values(words, option)
    return Setup(line, match[1] == "autosetup", _value(words, "n"), tuple(sources), words, guards)


def _patch_numbers(suffix: str, words: tuple[str, ...]) -> tuple[str, ...]:
    numbers = ([suffix] if suffix else []) + _values(words, "P")
    numbers += [word for word in _plain(words) if word.isdigit() or word.startswith("%")]
    return tuple(numbers or ["0"])


def _options(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The options of a command as (letter, value), and ("", word) for every other word."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if len(word) < 2 or word[0] != "-" or word[1] == "-":
            yield "", word
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter not in _WITH_VALUE:
                yield letter, ""
                continue
            if letters:
                yield letter, letters
            else:
                yield letter, rest.pop(0) if rest else ""
            break


def _values(words: tuple[str, ...], option: str) -> list[str]:
    return [value for letter, value in _options(words) if letter == option]


def _value(words: tuple[str, ...], option: str) -> str:
    return next(iter(_values(words, option)), "")


def _given(words: tuple[str, ...], option: str) -> bool:
    return any(letter == option for letter, _ in _options(words))


def _plain(words: tuple[str, ...]) -> list[str]:
    return [word for letter, word in _options(words) if not letter]
