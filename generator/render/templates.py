"""Jinja, sandboxed: no I/O, nothing undefined, and every printed value remembers where it was written."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from generator import kept, late
from generator.errors import InputError
from generator.origin import Origin, Text, origin_of
from generator.render.lines import Line, escaped

with late.patterns("jinja2"):
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

_MARK = re.compile("\x00(\\d+)\x00")

ROOT = Path(__file__).parent.parent
TEMPLATES = next(folder for folder in (ROOT / "templates", ROOT.parent / "templates") if folder.is_dir())
"""The project's own templates: inside the package in a wheel, beside it in a checkout."""


class Environment(ImmutableSandboxedEnvironment):
    """The environment of all templates; `marks` holds the place and kind of every value that was printed.

    `printed` holds the values themselves since somebody last emptied it.
    """

    def __init__(self, **options: Any) -> None:
        self.marks: list[tuple[Origin | None, str]] = []
        self.printed: list[Text] = []
        super().__init__(
            block_start_string="[%",
            block_end_string="%]",
            variable_start_string="${{",
            variable_end_string="}}",
            comment_start_string="[#",
            comment_end_string="#]",
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            undefined=jinja2.StrictUndefined,
            finalize=self._mark,
            cache_size=-1,
            auto_reload=False,
            **options,
        )
        changes = {"prose": escaped, "shell": shlex.quote, "quoted": _quoted, "sysusers": _sysusers}
        self.filters.update({name: _traced(change) for name, change in changes.items()})

    def _mark(self, value: Any) -> Any:
        if isinstance(value, Text) and value.origin:
            self.printed.append(value)
            return f"{self._new_mark(value.origin, '')}{value}"
        return value

    def _new_mark(self, origin: Origin | None, kind: str) -> str:
        self.marks.append((origin, kind))
        return f"\x00{len(self.marks) - 1}\x00"

    def block(self, lines: Iterable[Line]) -> str:
        """Finished lines as a value for a template: each comes out of it as it is."""
        return "\n".join(self._new_mark(line.origin, line.kind) + line.text for line in lines)

    def lines(self, text: str, default: Origin | None, kind: str = "") -> list[Line]:
        """The text that a template gave as lines; a line's origin is that of the first value printed on it."""
        found = []
        for raw in text.removesuffix("\n").split("\n") if text else []:
            mark = _MARK.search(raw)
            origin, marked = self.marks[int(mark[1])] if mark else (default, kind)
            found.append(Line(_MARK.sub("", raw), origin, marked or kind))
        return found


def _traced(change: Callable[[str], str]) -> Callable[[str], str]:
    """A filter whose result keeps the origin of what it was given."""

    def changed(text: str) -> str:
        return Text(change(text), origin_of(text))

    return changed


def _quoted(text: str) -> str:
    """A value in double quotes, as a shell reads it in a file that rpm does not expand."""
    return '"' + re.sub(r'(["\\$`])', r"\\\1", text) + '"'


def _sysusers(text: str) -> str:
    """A field of sysusers.d(5) in quotes, for both readers of it.

    systemd takes a backslash away and reads `%` before a letter or digit as a specifier. sysuser-tools of SLE reads the
    line with the shell's `read`, which takes a backslash away too, and evaluates it: `$` and `` ` `` are safe in single
    quotes alone.
    """
    text = re.sub(r"%(?=[A-Za-z0-9%])", "%%", text.replace("\\", "\\\\"))
    return shlex.quote(text) if re.search(r'["\\$`]', text) else f'"{text}"'


@cache
def project_template(name: str) -> str | None:
    """The text of a template of the project, e.g. `components/units/post.j2`; None where there is none."""
    try:
        with open(os.path.join(TEMPLATES, name), encoding="utf-8") as file:  # noqa: PTH118, PTH123  (faster; most are not there)
            return file.read()
    except FileNotFoundError:
        return None


class Templates:
    """Templates of the project and of a definition's folder, rendered into lines.

    Compiled templates are kept in the user's cache directory, where there is one: compiling takes longer than
    everything else here.
    """

    def __init__(self) -> None:
        self._sources: dict[str, str] = {}
        cache = _cache()
        compiled = jinja2.FileSystemBytecodeCache(str(cache)) if cache else None
        self.environment = Environment(loader=jinja2.FunctionLoader(self._found), bytecode_cache=compiled)

    def _found(self, name: str) -> tuple[str, str, None]:
        # with a file name, faults know their lines in it
        return self._sources[name], name, None

    def render(self, name: str, scope: Mapping[str, Any], origin: Origin | None, kind: str = "") -> list[Line] | None:
        """The project's template as lines, None where there is no such template."""
        source = project_template(name)
        if source is None:
            return None
        return self.text(source, name, scope, origin, kind)

    def text(
        self, source: str, name: str, scope: Mapping[str, Any], origin: Origin | None, kind: str = ""
    ) -> list[Line]:
        """A template's text rendered into lines.

        Raises:
            InputError: the template is wrong or names something that does not exist; with its file and line.
        """
        self._sources[name] = source
        text = guarded(lambda: self.environment.get_template(name).render(scope), name)
        return self.environment.lines(text, origin, kind)


def _cache() -> Path | None:
    user = kept.cache()
    if user is None:
        return None
    path = Path(user, "templates")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        trusted = kept.is_trusted(path.stat())
    except OSError:
        return None
    return path if trusted and os.access(path, os.W_OK) else None


def guarded(work: Callable[[], str], name: str) -> str:
    """Run a template; its faults become an InputError at the template's line."""
    from pathlib import PurePosixPath

    try:
        return work()
    except jinja2.TemplateSyntaxError as error:
        raise InputError(
            f"this template cannot be read: {error.message}", Origin(PurePosixPath(name), error.lineno)
        ) from None
    except (
        jinja2.TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
        RecursionError,
        MemoryError,
    ) as error:
        line = 1
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == name:
                line = trace.tb_lineno
            trace = trace.tb_next
        raise InputError(
            f"this template cannot be rendered: {error or 'out of memory'}", Origin(PurePosixPath(name), line)
        ) from None
