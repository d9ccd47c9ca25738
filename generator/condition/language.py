"""The definition's language for conditions: reading it, and saying a condition in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import assert_never

from generator.condition.tree import (
    LARGEST,
    OPPOSITE,
    And,
    Architecture,
    Condition,
    Constant,
    Defined,
    Feature,
    Macro,
    Not,
    Option,
    Or,
    String,
    atoms,
    is_literal,
)
from generator.errors import InputError
from generator.origin import Origin, origin_of

_TOKEN = re.compile(
    r'\s*(?:(?P<word>[A-Za-z0-9_][\w.+-]*)|(?P<string>"[^"]*")|(?P<sign>[=!<>]=?|[()]|&&?|\|\|?))', re.ASCII
)
_WORD = re.compile(r"[A-Za-z0-9_][\w.+-]*", re.ASCII)
_MACRO = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_RESERVED = frozenset({"and", "or", "not", "defined", "with", "option", "arch", "always", "never"})
_FOREIGN = {"&&": "and", "||": "or", "&": "and", "|": "or", "!": "not", "=": "=="}
_DEEPEST = 40
_MOST_ATOMS = 400


def parse(
    text: str,
    named: Mapping[str, Condition] | None = None,
    features: Collection[str] | None = None,
    origin: Origin | None = None,
    macros: Collection[str] | None = None,
) -> Condition:
    """The condition that `text` says in the definition's language (see the module).

    A plain word is one of the `named` conditions where it is known, else a macro. Where `features` or `macros` are
    given, only those are accepted. `origin` defaults to the text's own.

    Raises:
        InputError: the text is no condition; says what was expected, and the nearest known name.
    """
    return _Parser(text, named or {}, features, macros, origin or origin_of(text)).parse()


class _Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(
        self,
        text: str,
        named: Mapping[str, Condition],
        features: Collection[str] | None,
        macros: Collection[str] | None,
        origin: Origin | None,
    ) -> None:
        self.text, self.named, self.features, self.macros, self.origin = text, named, features, macros, origin
        self.tokens = self._split()
        self.at = 0
        self.atoms = 0

    def _split(self) -> list[str]:
        tokens: list[str] = []
        position = 0
        end = len(self.text.rstrip())
        while position < end:
            found = _TOKEN.match(self.text, position)
            if not found:
                raise self.error(f'cannot read "{self.text[position:end].strip()}"')
            tokens.append(found[found.lastgroup or 0])
            position = found.end()
        return tokens

    def error(self, message: str, hint: str = "") -> InputError:
        return InputError(f"condition {self.text.strip()!r}: {message}", self.origin, hint)

    def expected(self, what: str) -> InputError:
        token = self.peek()
        hint = f'write "{_FOREIGN[token]}" for "{token}"' if token in _FOREIGN else ""
        after = f" after {self.tokens[self.at - 1]!r}" if self.at else ""
        return self.error(f"expected {what}{after}, not {token!r}" if token else f"expected {what}{after}", hint)

    def unknown(self, what: str, name: str, known: Collection[str]) -> InputError:
        from difflib import get_close_matches

        near = get_close_matches(name, sorted(known), 1)
        return self.error(f"unknown {what} {name!r}", f"did you mean {near[0]!r}?" if near else "")

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> bool:
        if self.peek() in wanted:
            self.at += 1
            return True
        return False

    def word(self, what: str, shape: re.Pattern[str] = _MACRO) -> str:
        token = self.peek()
        if token in _RESERVED or not shape.fullmatch(token):
            raise self.expected(what)
        self.at += 1
        return token

    def parse(self) -> Condition:
        condition = self.either(0)
        if self.peek():
            raise self.expected('"and", "or" or the end')
        if _depth(condition) > 2 * _DEEPEST:
            raise self.error("nested too deeply")
        return condition

    def either(self, depth: int) -> Condition:
        operands = [self.both(depth)]
        while self.take("or"):
            operands.append(self.both(depth))
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def both(self, depth: int) -> Condition:
        operands = [self.single(depth)]
        while self.take("and"):
            operands.append(self.single(depth))
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def single(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise self.error("nested too deeply")
        if self.take("not"):
            return Not(self.single(depth + 1))
        if self.take("("):
            inner = self.either(depth + 1)
            if not self.take(")"):
                raise self.expected('"and", "or" or ")"')
            return inner
        condition = self.atom()
        self.atoms += sum(1 for _ in atoms(condition))
        if self.atoms > _MOST_ATOMS:
            raise self.error(f"compares more than {_MOST_ATOMS} things, counting those of the conditions it names")
        return condition

    def atom(self) -> Condition:
        if self.take("always"):
            return Constant(True)
        if self.take("never"):
            return Constant(False)
        if self.take("defined"):
            return Defined(self.macro(self.word("a macro")))
        if self.take("with"):
            feature = self.word("a feature")
            if self.features is not None and feature not in self.features:
                raise self.unknown("feature", feature, self.features)
            return Feature(feature)
        if self.take("option"):
            return self.option()
        if self.take("arch"):
            architectures = [self.word("an architecture")]
            while self.peek() not in _RESERVED and _MACRO.fullmatch(self.peek()):
                architectures.append(self.word("an architecture"))
            return Architecture(tuple(architectures))
        if self.peek() in self.named:
            self.at += 1
            return self.named[self.tokens[self.at - 1]]
        return self.comparison(self.macro(self.word("a condition")))

    def macro(self, name: str) -> str:
        if self.macros is not None and name not in self.macros:
            raise self.unknown("macro or condition", name, {*self.macros, *self.named})
        return name

    def option(self) -> Condition:
        name = self.word("an option", _WORD)
        sign = self.peek()
        if not self.take("==", "!="):
            raise self.expected('"==" or "!="')
        choice = self.literal() if self.peek().startswith('"') else self.word("one of the option's choices", _WORD)
        return Option(name, choice) if sign == "==" else Not(Option(name, choice))

    def comparison(self, name: str) -> Condition:
        sign = self.peek()
        if not self.take(*OPPOSITE):
            return Macro(name)
        if self.peek().startswith('"') and sign in ("==", "!="):
            return String(name, sign, self.literal())
        number = self.peek()
        if not number.isdigit():
            raise self.expected("a whole number or a quoted string" if sign in ("==", "!=") else "a whole number")
        self.at += 1
        if len(number) > 10 or int(number) > LARGEST:
            raise self.error(f"{number} is more than rpm can compare ({LARGEST})")
        return Macro(name, sign, int(number))

    def literal(self) -> str:
        value = self.peek()[1:-1]
        if not is_literal(value):
            raise self.error(f"{value!r} cannot stand in a %if", "no '%', backslash, brace or line end in a string")
        self.at += 1
        return value


def _depth(condition: Condition) -> int:
    match condition:
        case Not(operand):
            return 1 + _depth(operand)
        case And(operands) | Or(operands):
            return 1 + max(map(_depth, operands))
    return 0


def describe(condition: Condition) -> str:
    """The condition in the definition's own language; parsing it gives an equal condition."""
    match condition:
        case Macro(name, "!=", 0):
            return name
        case Macro(name, comparison, value):
            return f"{name} {comparison} {value}"
        case String(name, comparison, literal):
            return f'{name} {comparison} "{literal}"'
        case Defined(name):
            return f"defined {name}"
        case Feature(name):
            return f"with {name}"
        case Option(name, choice):
            plain = _WORD.fullmatch(choice) and choice not in _RESERVED
            return f"option {name} == {choice if plain else _quoted(choice)}"
        case Architecture(names=wanted):
            return f"arch {' '.join(wanted)}"
        case Constant(value=constant):
            return "always" if constant else "never"
        case Not(operand):
            return f"not {_bracketed(describe(operand), isinstance(operand, And | Or))}"
        case And(operands):
            return " and ".join(_bracketed(describe(part), isinstance(part, And | Or)) for part in operands)
        case Or(operands):
            # `and` binds tighter, but a reader should not have to know that
            return " or ".join(_bracketed(describe(part), isinstance(part, And | Or)) for part in operands)
    assert_never(condition)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _bracketed(text: str, brackets: bool) -> str:
    return f"({text})" if brackets else text
