"""The text of a .changes entry: bullets, how they are wrapped, and at what width a package wraps them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

import msgspec

from generator.errors import InputError

# The width of the separator, to which obs-build's `vc` wraps too.
DEFAULT_WIDTH = 67

# Widths in use, the most usual first, which wins where several fit equally well.
_USUAL_WIDTHS = (67, 79, 80, 72, 76, 78, 75, 70)
_FEWEST_WRAPPED_LINES = 2

_BULLET = r"([ \t]*)([-*+•])[ \t]+(?=\S)"
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


class Bullet(msgspec.Struct, frozen=True):
    """A bullet: its text as one line, and the bullets below it."""

    text: str
    children: tuple[Bullet, ...] = ()

    def walk(self) -> Iterator[Bullet]:
        """This bullet and all below it, from the top."""
        yield self
        for child in self.children:
            yield from child.walk()


def wrap(text: str, width: int, lead: str, indent: str) -> list[str]:
    """Lines of at most `width`, the first after `lead`, the others after `indent`.

    Only blanks separate, so that a URL or a file's name is never broken: a word that is too long has a line of its
    own. No line but the first begins with a bullet's mark.
    """
    words = text.split()
    lines: list[str] = []
    line = lead
    empty = True
    for index, word in enumerate(words):
        # A mark must not begin a line, and so the word before it goes with it.
        chunk = word
        following = index + 1
        while following < len(words) and words[following] in ("-", "*", "+", "•"):
            chunk += " " + words[following]
            following += 1
        if not empty and word not in ("-", "*", "+", "•") and len(line) + 1 + len(chunk) > width:
            lines.append(line)
            line, empty = indent, True
        line += word if empty else " " + word
        empty = False
    return [*lines, line.rstrip()]


def format_bullets(bullets: Iterable[Bullet], width: int = DEFAULT_WIDTH) -> str:
    """The bullets in the one strict form: `- `, below it `  * `, wrapped at `width`; lines end in newlines.

    Raises:
        InputError: a bullet is empty or holds a control character.
    """
    return "".join(line + "\n" for bullet in bullets for line in _formatted(bullet, width, 0))


def _formatted(bullet: Bullet, width: int, level: int) -> Iterator[str]:
    if not bullet.text.strip():
        raise InputError("a bullet of a changes entry is empty")
    if found := _CONTROL.search(bullet.text):
        raise InputError(f"control character U+{ord(found[0]):04X} in a changes entry: {bullet.text!r}")
    indent = "  " * level
    yield from wrap(bullet.text, width, indent + ("* " if level else "- "), indent + "  ")
    for child in bullet.children:
        yield from _formatted(child, width, level + 1)


def parse_bullets(text: str) -> tuple[Bullet, ...]:
    """The bullets of a text, whatever their marks; text without a mark is a bullet at its paragraph's beginning."""
    found: list[tuple[int, list[str]]] = []
    after_blank = True
    for line in text.split("\n"):
        if not line.strip():
            after_blank = True
            continue
        match = re.match(_BULLET, line)
        if match:
            found.append((len(match[1].expandtabs(8)), line[match.end() :].split()))
        elif not found or (after_blank and not line[0].isspace()):
            found.append((0, line.split()))
        else:
            found[-1][1].extend(line.split())
        after_blank = False
    bullets: list[Bullet] = []
    stack: list[tuple[int, str, list[Bullet]]] = []

    def close(indent: int) -> None:
        while stack and stack[-1][0] >= indent:
            _, text, children = stack.pop()
            (stack[-1][2] if stack else bullets).append(Bullet(text, tuple(children)))

    for indent, words in found:
        close(indent)
        stack.append((indent, " ".join(words), []))
    close(0)
    return tuple(bullets)


def width_of(bodies: Iterable[str]) -> int:
    """The width at which these texts (a package's newest entries) are wrapped; 67 where they do not tell.

    A line that goes on in the next one says two things: the width is at least its length, and less than with the next
    line's first word. The width that agrees with most lines wins.
    """
    limits: list[tuple[int, int]] = []
    for body in bodies:
        lines = body.split("\n")
        for line, following in pairwise(lines):
            words = following.split()
            if not line.strip() or not words or re.match(_BULLET, following) or not following[0].isspace():
                continue
            limits.append((len(line.rstrip()), len(line.rstrip()) + 1 + len(words[0])))
    if len(limits) < _FEWEST_WRAPPED_LINES:
        return DEFAULT_WIDTH
    # Hand-wrapped lines differ by a few columns, so only widths that people set their editors to are considered.
    scores = {width: sum(shortest <= width < longest for shortest, longest in limits) for width in _USUAL_WIDTHS}
    best = max(_USUAL_WIDTHS, key=lambda width: scores[width])
    return best if 2 * scores[best] > len(limits) else DEFAULT_WIDTH
