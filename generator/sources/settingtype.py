"""Types of sysconfig variables (yast-sysconfig, `doc/metadata.txt`), and whether a value is of one."""

from __future__ import annotations

import difflib
import ipaddress
import re

import msgspec

from generator.errors import InputError

_TYPE = re.compile(r"\s*([A-Za-z0-9]+)\s*(?:\((.*)\))?\s*\Z", re.DOTALL)
_KINDS = ("string", "list", "integer", "boolean", "yesno", "ip", "ip4", "ip6", "regexp")
_RANGE = r"\s*([+-]?\d*)\s*:\s*([+-]?\d*)\s*\Z"
_INTEGER = r"[+-]?\d+\Z"
_CLASSES = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "A-Za-z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s",
    "blank": r" \t", "xdigit": "0-9A-Fa-f", "punct": r"!-/:-@\[-`{-~", "print": " -~", "graph": "!-~",
    "cntrl": r"\x00-\x1f\x7f",
}  # fmt: skip

# An expression that repeats a group with choices or repetitions in it can take forever on a long value.
_COSTLY = r"\((?:[^()\\]|\\.)*[*+?{|](?:[^()\\]|\\.)*\)+[*+{]|\)\)+[*+{]"
_LONGEST_COSTLY = 16


class SettingType(msgspec.Struct, frozen=True, dict=True):
    """A type: its kind, and what stands in its parentheses."""

    kind: str
    values: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    expression: str = ""

    @classmethod
    def parse(cls, text: str) -> SettingType:
        """Read a type: `string`, `string(a,b)`, `list(a,b)`, `integer(0:9)`, `yesno`, `regexp(^[a-z]*$)`, ….

        Raises:
            InputError: there is no such type, or its parentheses hold what it cannot use.
        """
        match = _TYPE.match(text)
        kind = match[1] if match else text.strip()
        if not match or kind not in _KINDS:
            near = difflib.get_close_matches(kind, _KINDS, 1)
            raise InputError(f"there is no type {text!r}", hint=f"is it {near[0]}?" if near else ", ".join(_KINDS))
        inside = match[2]
        if kind in ("string", "list") and inside is not None:
            return cls(kind, tuple(_split(inside)))
        if kind == "list":
            raise InputError("the type list needs its values", hint="write it like list(a,b)")
        if kind == "integer" and inside:
            return cls(kind, (), *_limits(inside))
        if kind == "regexp":
            _compiled(inside or "")
            return cls(kind, expression=inside or "")
        if inside:
            raise InputError(f"the type {kind} takes nothing in parentheses: {text!r}")
        return cls(kind)

    def problem(self, value: str) -> str:
        """What keeps a value from being of this type; empty where nothing does."""
        if self.kind == "list":
            return "" if value in self.values else f"{value!r} is none of {', '.join(self.values)}"
        if self.kind == "integer":
            return self._integer_problem(value)
        if self.kind in ("boolean", "yesno"):
            words = ("true", "false") if self.kind == "boolean" else ("yes", "no")
            return "" if value in words else f"{value!r} is neither {words[0]} nor {words[1]}"
        if self.kind in ("ip", "ip4", "ip6"):
            return self._address_problem(value)
        if self.kind == "regexp":
            if len(value) > _LONGEST_COSTLY and re.search(_COSTLY, self.expression):
                return ""
            return "" if _compiled(self.expression).search(value) else f"{value!r} does not match {self.expression}"
        return ""

    def _integer_problem(self, value: str) -> str:
        if not re.match(_INTEGER, value):
            return f"{value!r} is not a whole number"
        number = int(value[:30])
        if self.minimum is not None and number < self.minimum:
            return f"{value} is less than {self.minimum}"
        if self.maximum is not None and number > self.maximum:
            return f"{value} is more than {self.maximum}"
        return ""

    def _address_problem(self, value: str) -> str:
        names = {"ip": "IP", "ip4": "IPv4", "ip6": "IPv6"}
        try:
            good = self.kind in ("ip", f"ip{ipaddress.ip_address(value).version}")
        except ValueError:
            good = False
        return "" if good else f"{value!r} is not an {names[self.kind]} address"


def _split(text: str) -> list[str]:
    """Values separated by commas; those with a comma or a blank may be quoted, and nothing at all is a value too."""
    values = []
    for part in re.findall(r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^,])+|(?<=,)(?=,|\Z)|\A(?=,)""", text, re.DOTALL):
        value = part.strip()
        quoted = len(value) > 1 and value[0] in "'\"" and value[0] == value[-1]
        values.append(value[1:-1] if quoted else value)
    return values


def _limits(text: str) -> tuple[int | None, int | None]:
    match = re.match(_RANGE, text[:100])
    if not match:
        raise InputError(f"{text!r} is no range of integers", hint="write it like 0:255, 0: or :9")
    try:
        minimum, maximum = (int(part) if part else None for part in match.groups())
    except ValueError:
        raise InputError(f"{text!r} is no range of integers", hint="write it like 0:255, 0: or :9") from None
    if minimum is not None and maximum is not None and minimum > maximum:
        raise InputError(f"no integer is in {text!r}", hint="the smallest one stands first")
    return minimum, maximum


def _compiled(expression: str) -> re.Pattern[str]:
    """A POSIX extended expression as Python's."""
    translated = re.sub(r"\[:(\w+):\]", lambda match: _CLASSES.get(match[1], match[0]), expression)
    try:
        return re.compile(translated)
    except (re.error, OverflowError, RecursionError):
        raise InputError(f"{expression!r} is not a regular expression") from None
