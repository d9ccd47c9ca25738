"""Lines that know where they come from, and how they are put together: comments, prose, `%if` blocks."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from generator.components.contribution import Guard
from generator.condition import Condition, negated, opening
from generator.errors import InputError
from generator.origin import Origin, origin_of

WIDTH = 79
_DIRECTIVE = re.compile(r"\s*(%(?!%)\w|#)")
_SHIELDED = re.compile(r"(?<!\\)(?:\\\\)*\\(?=%+[{(\[])")
_ALWAYS_READ = r"\s*(#|%(?:if|elif|else|endif|include))"  # rpm takes %endif0 for one too


class Line(msgspec.Struct, frozen=True):
    """One rendered line without its end, and the place of the fact that it comes from."""

    text: str
    origin: Origin | None = None
    kind: str = ""  # the kind of component that contributed it; empty for the definition itself


class Placed(msgspec.Struct, frozen=True):
    """Lines that stand together under a guard, with the reason for them."""

    lines: tuple[Line, ...]
    guard: Guard = ()
    because: str = ""


def escaped(prose: str) -> str:
    """Prose as spec text: no macro is expanded in it.

    Looking for macros that go on in the next line, rpm passes over a backslash together with what follows it, and sees
    one of two `%` alone; so something that expands to nothing stands between.
    """
    return _SHIELDED.sub(r"\g<0>%{nil}", prose.replace("%", "%%"))


def sentence(prose: str) -> str:
    """Prose on one line, as a tag's value."""
    return escaped(" ".join(prose.split()))


def paragraphs(prose: str) -> list[str]:
    """Prose as the lines of a %description.

    librpm looks for sections, conditions and comments after it has expanded a line, so a doubled `%` does not hide
    them at the start of one: such a line is indented by a blank, within a paragraph after the break was moved.

    Raises:
        InputError: a paragraph begins with what librpm takes for a comment or a condition also where it is indented.
    """
    lines: list[str] = []
    for line in prose.strip("\n").split("\n"):
        text = line.rstrip()
        if _DIRECTIVE.match(text):
            joined = bool(lines and lines[-1])
            if not joined and (found := re.match(_ALWAYS_READ, text)):
                message = f"a paragraph of a description begins with {found[1]}, which is no text for rpm"
                raise InputError(message, origin_of(prose), "begin it with a word")
            text = f"{lines.pop().rstrip()} {text.strip()}" if joined else f" {text}"
        lines.append(text)
    return [escaped(line) for line in lines]


def comment(prose: str, origin: Origin | None = None, kind: str = "") -> list[Line]:
    """Prose as comment lines, wrapped; a line that is indented, or holds one long word, stays as it is.

    Raises:
        InputError: a line ends in a backslash, so that rpm would take the line after it for a part of the comment, or
            holds what only a macro could shield, which rpm warns of.
    """
    lines: list[Line] = []
    for line in prose.strip("\n").split("\n"):
        parts: list[str] = []
        for part in textwrap.wrap(line, WIDTH - 2, break_long_words=False, break_on_hyphens=False) or [""]:
            if parts and _goes_on(parts[-1]):
                parts[-1] += f" {part}"
            else:
                parts.append(part)
        shielded = _SHIELDED.search(line)
        if shielded or _goes_on(parts[-1]):
            message = (
                f"a comment {'has' if shielded else 'ends in'} a backslash, which would join it with the next line"
            )
            raise InputError(message, origin_of(prose) or origin, "write it otherwise")
        lines += [Line(f"# {escaped(part)}".rstrip(), origin_of(prose) or origin, kind) for part in parts]
    return lines


def _goes_on(line: str) -> bool:
    return bool((len(line) - len(line.rstrip("\\"))) % 2)


def arrange(items: Sequence[Placed]) -> list[Line]:
    """The items as lines: neighbours under the same condition share one %if, its opposite becomes the %else."""
    return _arrange(list(items), 0, "")


def _arrange(items: list[Placed], depth: int, said: str) -> list[Line]:
    lines: list[Line] = []
    at = 0
    while at < len(items):
        item = items[at]
        if len(item.guard) <= depth:
            if item.because and item.because != said:
                first = item.lines[0] if item.lines else Line("")
                lines += comment(item.because, first.origin, first.kind)
            said = item.because
            lines += item.lines
            at += 1
            continue
        condition = item.guard[depth][0]
        end = at
        while end < len(items) and len(items[end].guard) > depth and items[end].guard[depth][0] == condition:
            end += 1
        run, at = items[at:end], end
        lines += _block(condition, run, depth, said)
        said = run[-1].because if len({member.because for member in run}) == 1 else ""
    return lines


def _block(condition: Condition, run: list[Placed], depth: int, said: str) -> list[Line]:
    first = next(line for member in run for line in member.lines)
    lines: list[Line] = []
    shared = run[0].because if len({member.because for member in run}) == 1 else ""
    if shared:
        if shared != said:
            lines += comment(shared, first.origin, first.kind)
        run = [replace(member, because="") for member in run]
    held = [member for member in run if member.guard[depth][1]]
    other = [member for member in run if not member.guard[depth][1]]
    lines.append(Line(opening(condition if held else negated(condition)), first.origin, first.kind))
    lines += _arrange(held or other, depth + 1, "")
    if held and other:
        lines.append(Line("%else", other[0].lines[0].origin, other[0].lines[0].kind))
        lines += _arrange(other, depth + 1, "")
    lines.append(Line("%endif", first.origin, first.kind))
    return lines


def together(items: Iterable[Placed]) -> list[Placed]:
    """The items without a guard first, then those with one, neighbours by condition; otherwise in their order."""
    groups: dict[tuple[Condition, ...], list[Placed]] = {}
    for item in items:
        groups.setdefault(tuple(condition for condition, _ in item.guard[:1]), []).append(item)
    plain = groups.pop((), [])
    return plain + [item for group in groups.values() for item in _inner(group)]


def _inner(group: list[Placed]) -> list[Placed]:
    """Within one outer condition: first what only it guards, then what has a further one."""
    return sorted(group, key=lambda item: len(item.guard) > 1)
