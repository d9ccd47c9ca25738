"""What the reader is asked, and what its answers mean. Pure: the processes are in `process.py`."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import msgspec

from generator.librpm.sandbox import ROOT, Limits
from generator.reading import Reading, line_number
from generator.sources import Sources
from generator.targets import Target

LARGEST = 16 << 20  # bytes; a larger file is an archive, which no parse needs and which is left out
LONGEST = 2000  # characters of a line of the log
MOST = 100  # lines of the log of a parse that was stopped
_FLAVOUR = b"@BUILD_FLAVOR@"
_FOLDERS = re.compile(rf"{ROOT}/(?:SPECS/\d+|SOURCES|targets)/|/tmp/evaluate\.spec:\d+: ?")
_CARET = re.compile(r"^(?:error|warning):\s*\^\s*$")


class Request(msgspec.Struct, frozen=True):
    """A package directory to read: on which targets, with which states of the features, in which flavours.

    `flavours` are those of `_multibuild` where None is given.
    """

    sources: Sources
    targets: Sequence[Target]
    variants: Sequence[Mapping[str, bool]] = ({},)
    flavours: Sequence[str] | None = None


class Expansion(msgspec.Struct, frozen=True):
    """What a macro string becomes on a target, or why librpm cannot expand it."""

    text: str = ""
    error: str = ""


class Evaluation(msgspec.Struct, frozen=True):
    """Whether an `%if` line holds on a target, or why librpm cannot read it."""

    value: bool = False
    error: str = ""


class Answer(msgspec.Struct, frozen=True):
    """The line that announces what a parser printed and found: how it ended, and two lengths in bytes."""

    task: int
    ended: str
    log: int
    result: int


class Task(msgspec.Struct, frozen=True):
    """One parse: what to do on which target, and for a reading, of which spec."""

    do: str
    target: Target
    features: Mapping[str, bool]
    spec: str = ""
    path: str = ""
    flavour: str = ""
    names: Sequence[str] = ()  # the features whose state is wanted
    texts: Sequence[str] = ()

    def message(self) -> dict[str, object]:
        """The task as the reader expects it."""
        head: dict[str, object] = {
            "do": self.do,
            "target": macros(self.target)[0],
            "architecture": self.target.architecture,
            "features": dict(self.features),
        }
        return {
            **head,
            **({"spec": self.path, "names": list(self.names)} if self.do == "read" else {"texts": list(self.texts)}),
        }

    def reading(self, **values: object) -> Reading:
        """A reading of this task's spec with nothing in it but `values`."""
        empty = Reading(spec=self.spec, target=self.target.name, flavour=self.flavour, features=dict(self.features))
        return msgspec.structs.replace(empty, **values)


class Job(msgspec.Struct, frozen=True):
    """The tasks for one package directory, and its files as the sandbox shows them: name, mode, content."""

    tasks: Sequence[Task]
    files: Sequence[tuple[str, int, bytes]] = ()


def reading_job(request: Request) -> Job:
    """Everything that is to be read of a package directory.

    Raises:
        InputError: `_multibuild` is broken, or there is no spec.
    """
    sources = request.sources
    flavours = _flavours(sources) if request.flavours is None else tuple(request.flavours)
    main = sources.spec
    files = [
        (f"SOURCES/{file.name}", 0o755 if file.executable else 0o644, file.content)
        for file in sources.files.values()
        if file.size <= LARGEST and _is_inside(file.name)
    ]
    tasks = []
    for spec in sources.specs:
        for flavour in flavours if spec is main else ("",):
            path = f"SPECS/{len(files)}/{PurePosixPath(spec.name).name}"
            files.append((path, 0o644, spec.content.replace(_FLAVOUR, flavour.encode())))
            tasks += [
                Task("read", target, variant, spec.name, path, flavour, sources.features)
                for target in request.targets
                for variant in request.variants
            ]
    return Job(tasks, files)


def _flavours(sources: Sources) -> tuple[str, ...]:
    """The flavours of `_multibuild`."""
    if "_multibuild" not in sources.files:
        return ("",)
    from generator.sources.multibuild import flavours

    return flavours(sources)


def _is_inside(name: str) -> bool:
    """Whether a file name stays in its directory."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


_reading_decoder = msgspec.json.Decoder(Reading)


def as_reading(task: Task, limits: Limits, ended: str, log: bytes, result: bytes) -> Reading:
    """The reading that an answer stands for; a parse that went wrong is a reading with an error."""
    lines = _lines(log, task.spec)
    if ended == "ok":
        try:
            found = _reading_decoder.decode(result)
        except (msgspec.MsgspecError, RecursionError):
            ended = "broken"
        else:
            error = found.error
            if error:
                error, lines = _fatal(lines, error)
            return msgspec.structs.replace(
                found,
                spec=task.spec,
                target=task.target.name,
                flavour=task.flavour,
                features=dict(task.features),
                error=error,
                log=tuple(lines),
            )
    return task.reading(error=reason(ended, limits), log=tuple(lines[:MOST]))


def as_expansions(task: Task, limits: Limits, ended: str, log: bytes, result: bytes) -> list[Expansion]:
    """The expansions that an answer stands for, one for each text of the task."""
    if ended == "ok":
        try:
            found = msgspec.json.decode(result, type=list[Expansion])
        except (msgspec.MsgspecError, RecursionError):
            found = []
        if len(found) == len(task.texts):
            return [Expansion(entry.text, _message(entry.error)) for entry in found]
        ended = "broken"
    return [Expansion(error=reason(ended, limits, _lines(log)))] * len(task.texts)


def as_evaluations(task: Task, limits: Limits, ended: str, log: bytes, result: bytes) -> list[bool | str]:
    """Whether each expression of the task holds, or why it cannot be read."""
    if ended == "ok":
        try:
            found = msgspec.json.decode(result, type=list[Evaluation])
        except (msgspec.MsgspecError, RecursionError):
            found = []
        if len(found) == len(task.texts):
            return [_message(entry.error) or entry.value for entry in found]
        ended = "broken"
    return [reason(ended, limits, _lines(log))] * len(task.texts)


def reason(ended: str, limits: Limits, lines: Sequence[str] = ()) -> str:
    """Why there is no result, in words for a person; `ended` is the reader's word for it."""
    match ended.split():
        case ["time"]:
            return f"the spec ran longer than {limits.seconds:g} s while it was parsed, and was stopped"
        case ["earlier"]:
            return f"not parsed here: on another target the spec ran longer than {limits.seconds:g} s"
        case ["memory"]:
            return f"the spec needed more than {_size(limits.memory)} of memory while it was parsed, and was stopped"
        case ["output"]:
            return f"the spec printed more than {_size(limits.output)} while it was parsed, and was stopped"
        case ["result"]:
            return f"the spec becomes larger than {_size(limits.result)} when its macros are expanded"
        case ["signal", number] if number.isascii() and number.isdigit():
            return f"librpm was killed by signal {number} ({_signal_name(int(number))}) while it parsed the spec"
        case ["exit", code]:
            said = f": {lines[-1]}" if lines else ""
            return f"the spec ended librpm (exit {code}) before it was parsed{said}"
        case ["died"]:
            return "the sandbox died while the spec was parsed in it"
        case ["problem", *words]:
            return f"the sandbox failed: {' '.join(words)}"
    return "what came back from the sandbox is not what librpm says of a spec"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _size(number: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if number % unit == 0:
            return f"{number // unit} {name}"
    return f"{number} bytes"


def _lines(log: bytes, spec: str = "") -> list[str]:
    """What was printed: without the sandbox's folders and lines that only point at a column, and with the line of the
    spec in the same way by all versions of librpm."""
    text = _FOLDERS.sub("", log.decode("utf-8", "replace"))
    if spec:
        text = re.sub(
            rf"^((?:error|warning): )?{re.escape(spec)}:(?: line )?(\d+): ", r"\1line \2: ", text, flags=re.MULTILINE
        )
    lines = (line.rstrip() for line in text.splitlines() if not _CARET.match(line))
    return [line if len(line) <= LONGEST else line[:LONGEST] + "…" for line in lines if line]


def _fatal(lines: list[str], otherwise: str) -> tuple[str, list[str]]:
    """Of what librpm printed the message that ended the parse, and the other lines."""
    errors = [position for position, line in enumerate(lines) if line.startswith("error: ")]
    located = [position for position in errors if line_number(lines[position])]
    if not errors:
        return otherwise, lines
    chosen = (located or errors)[-1]
    return lines[chosen].removeprefix("error: "), lines[:chosen] + lines[chosen + 1 :]


def _message(text: str) -> str:
    """What librpm printed about one expression, as one line."""
    lines = (line.removeprefix("error:").strip() for line in _lines(text.encode()))
    return "; ".join(line for line in lines if line)


def macros(target: Target) -> tuple[str, bytes]:
    """The name that a target's macros have in the reader, and their text."""
    text = target.definitions.encode("utf-8", "surrogateescape")
    return f"{target.name}-{hash(text) & 0xFFFFFFFFFFFFFFFF:016x}", text
