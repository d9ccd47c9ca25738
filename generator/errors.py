"""What can go wrong, by exit code: one root, one subclass per code (README, "Exit codes")."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from generator.origin import Origin


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong in an input: where, what, and what to do about it."""

    message: str
    origin: Origin | None = None
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.origin}: " if self.origin else ""
        return f"{where}{self.message}" + (f" ({self.hint})" if self.hint else "")


class SpecgenError(Exception):
    """The root of every error that is printed for a person instead of a traceback."""

    exit_code = 2

    def __init__(
        self, problems: str | Problem | Iterable[Problem], origin: Origin | None = None, hint: str = ""
    ) -> None:
        if isinstance(problems, str):
            problems = Problem(problems, origin, hint)
        if isinstance(problems, Problem):
            problems = (problems,)
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class InputError(SpecgenError):
    """Usage or an input is wrong (exit 2)."""

    exit_code = 2


class RefusalError(SpecgenError):
    """This machine lacks something, or going on would not be safe (exit 3)."""

    exit_code = 3


class ServerError(SpecgenError):
    """The Open Build Service said no, or is away (exit 4)."""

    exit_code = 4
