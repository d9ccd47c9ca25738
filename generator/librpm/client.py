"""The client: specs and macro strings go to readers in their sandboxes, readings come back."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Generic, Self, TypeVar

from generator.errors import RefusalError
from generator.librpm.jobs import (
    Answer,
    Expansion,
    Job,
    Request,
    Task,
    as_evaluations,
    as_expansions,
    as_reading,
    reading_job,
)
from generator.librpm.process import DeadError, Done, Hello, Process, StartError
from generator.librpm.sandbox import Limits, processors, reader_python
from generator.reading import Reading, View
from generator.sources import Sources
from generator.targets import Target

Key = TypeVar("Key")
Result = TypeVar("Result")
Decoder = Callable[[Task, Limits, str, bytes, bytes], Result]

MOST_PARTS = 4  # each has its own copy of the package's files and its own namespaces
NO_SANDBOX = "sandbox: "
INSTALL = "install python3-rpm and rpm (Debian, Ubuntu), or python3-rpm and rpm-build (openSUSE, Fedora)"


def _warn(message: str) -> None:
    print(f"warning: {message}", file=sys.stderr)


class _Run(Generic[Result]):
    """A job on its way: what has come back of it, and what is missing."""

    def __init__(
        self, job: Job, own: bool, limits: Limits, decode: Decoder[Result], early: Callable[[Result], None] | None
    ) -> None:
        self.job, self.own, self.limits, self.decode = job, own, limits, decode
        self._early = early
        self._results: dict[int, Result] = {}
        self._sent: list[int] = []  # the tasks of the last submission that are to be answered
        self._fallen: set[int] = set()  # tasks during which a reader died once; it may have been killed from outside

    @property
    def missing(self) -> list[int]:
        return [number for number in range(len(self.job.tasks)) if number not in self._results]

    def submission(self) -> Job:
        """The job with what is missing of it."""
        self._sent = self.missing
        return Job([self.job.tasks[number] for number in self._sent], self.job.files)

    def accept(self, answer: Answer, log: bytes, result: bytes) -> None:
        """Take an answer; they come as they are there."""
        if not 0 <= answer.task < len(self._sent) or self._sent[answer.task] in self._results:
            raise DeadError("an answer to no question")
        self._put(self._sent[answer.task], answer.ended, log, result)

    def end(self, problem: str) -> None:
        """Nothing more comes of this submission: a problem is that of all missing tasks.

        Where a reader died, the first of them is tried a second time, and is to blame if that one dies too.
        """
        for number in self.missing:
            if problem:
                self._put(number, f"problem {problem}", b"", b"")
            elif number in self._fallen:
                self._put(number, "died", b"", b"")
                return
            else:
                self._fallen.add(number)
                return

    def complete(self) -> list[Result]:
        """All results, in the order of the tasks."""
        return [self._results[number] for number in range(len(self.job.tasks))]

    def _put(self, number: int, ended: str, log: bytes, result: bytes) -> None:
        self._results[number] = self.decode(self.job.tasks[number], self.limits, ended, log, result)
        if self._early:
            self._early(self._results[number])
            self._early = None


class Librpm:
    """The readers that a command uses. A context manager: no process is left behind.

    `trust` lets specs that are not ours be read where no sandbox works; `workers` is how many readers there are, which
    read several packages at the same time; what processors are left then take parts of each package's targets. `warn`
    is told, once, when own definitions are read without a sandbox.
    """

    def __init__(
        self,
        *,
        trust: bool = False,
        workers: int = 1,
        limits: Limits | None = None,
        warn: Callable[[str], None] = _warn,
    ) -> None:
        self.limits = limits or Limits()
        self.trust = trust
        self.workers = max(1, workers)
        self._parts = min(MOST_PARTS, max(1, processors() // self.workers))
        self._warn, self._warned = warn, False
        self._processes: list[Process] = []
        self._no_sandbox = ""  # why the sandbox does not work here, once that is known
        self._own_proc = True  # whether a sandbox may have a /proc of its own, as far as is known

    @classmethod
    def start(
        cls,
        *,
        trust: bool = False,
        workers: int = 1,
        limits: Limits | None = None,
        warn: Callable[[str], None] = _warn,
        expected: Callable[[], Sequence[Target]] = tuple,
    ) -> Self:
        """Begin to start the readers, and return without waiting for them.

        `expected` gives the targets that something will be read for, so that they make ready for it.
        """
        librpm = cls(trust=trust, workers=workers, limits=limits, warn=warn)
        try:
            for _ in range(librpm.workers):
                process = Process(librpm.limits, sandboxed=True, parts=librpm._parts, expected=expected)
                librpm._processes.append(process)
        except StartError as error:
            librpm._no_sandbox = str(error)
        return librpm

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def dismiss(self) -> None:
        """Begin to end all readers: nothing more will be asked. `close` waits for their end."""
        for process in self._processes:
            process.dismiss()

    def close(self) -> None:
        """End all readers."""
        while self._processes:
            self._processes.pop().kill()

    # what callers ask

    def read(
        self,
        sources: Sources,
        targets: Sequence[Target],
        variants: Sequence[Mapping[str, bool]] = ({},),
        flavours: Sequence[str] | None = None,
        against: View | None = None,
    ) -> View:
        """What librpm sees in a package directory: one reading per spec, flavour, target and variant, in this order.

        `variants` are states of the features to force; an empty one is the spec's own defaults.

        Raises:
            InputError: there is no spec, or `_multibuild` is broken.
            RefusalError: rpm's bindings are missing, or the spec is not ours and no sandbox works here.
        """
        job = reading_job(Request(sources, targets, variants, flavours))
        ((_, readings),) = self._run([(None, job, sources.defined)], as_reading)
        return View(
            sources=sources,
            readings=tuple(readings),
            targets={target.name: target for target in targets},
            against=against,
        )

    def read_all(
        self,
        requests: Iterable[Request],
        early: Callable[[Request, Reading], None] | None = None,
        meanwhile: Callable[[Request], None] | None = None,
    ) -> Iterator[View]:
        """Read many package directories, `workers` at a time; views come as they are complete, not in order.

        Requests are taken as readers become free, so that memory does not grow with their number. `early` is told the
        first reading of each as soon as it is there. `meanwhile` is called once, when the first request is on its way.
        Raises as `read`.
        """
        jobs = ((request, reading_job(request), request.sources.defined) for request in requests)
        for request, readings in self._run(jobs, as_reading, early, meanwhile):
            targets = {target.name: target for target in request.targets}
            yield View(sources=request.sources, readings=tuple(readings), targets=targets)

    def expand(
        self, target: Target, features: Mapping[str, bool], texts: Sequence[str], *, own: bool = False
    ) -> list[Expansion]:
        """What macro strings become on a target. `own` tells that they are a definition's, not a foreign spec's.

        Raises:
            RefusalError: as `read`.
        """
        return self._ask(Task("expand", target, features, texts=texts), as_expansions, own=own)

    def evaluate(
        self, target: Target, features: Mapping[str, bool], expressions: Sequence[str], *, own: bool = False
    ) -> list[bool | str]:
        """Whether `%if` expressions hold on a target; a string says why librpm cannot read one.

        An expression is what follows `%if`, or a whole line that begins with `%if` (`%ifarch`, …). Raises as `read`.
        """
        if any("\n" in expression for expression in expressions):
            raise ValueError("an expression is one line")
        return self._ask(Task("evaluate", target, features, texts=expressions), as_evaluations, own=own)

    def greet(self) -> Hello:
        """The versions of librpm and its Python; waits for the first reader.

        Raises:
            RefusalError: as `read`.
        """
        return self._process(own=True).greet()

    @property
    def no_sandbox(self) -> str:
        """Why no sandbox works on this machine, as far as is known; empty where one does."""
        return self._no_sandbox

    def _ask(self, task: Task, decode: Decoder[list[Result]], *, own: bool) -> list[Result]:
        if not task.texts:
            return []
        ((_, (answer,)),) = self._run([(None, Job([task]), own)], decode)
        return answer

    def _run(
        self,
        jobs: Iterable[tuple[Key, Job, bool]],
        decode: Decoder[Result],
        early: Callable[[Key, Result], None] | None = None,
        meanwhile: Callable[[Key], None] | None = None,
    ) -> Iterator[tuple[Key, list[Result]]]:
        """Do jobs, several at a time; yields what was asked for with its results, as they are complete."""
        waiting = iter(jobs)
        running: dict[Process, tuple[Key, _Run[Result]]] = {}
        more = True
        try:
            while True:
                while more and len(running) < self.workers:
                    item = next(waiting, None)
                    if item is None:
                        more = False
                    else:
                        told = partial(early, item[0]) if early else None
                        run = _Run(item[1], item[2], self.limits, decode, told)
                        running[self._assign(run, running)] = (item[0], run)
                        if meanwhile:
                            meanwhile(item[0])
                            meanwhile = None
                if not running:
                    return
                timeout = max(0.0, min(process.deadline for process in running) - time.monotonic())
                readable = select.select(list(running), [], [], timeout)[0]
                late = [process for process in running if process.deadline <= time.monotonic()]
                for process in dict.fromkeys([*readable, *late]):
                    key, run = running[process]
                    if not self._advance(process, run, late=process not in readable):
                        continue
                    del running[process]
                    if run.missing:
                        running[self._assign(run, running)] = (key, run)
                    else:
                        yield key, run.complete()
        finally:
            for process in running:
                self._drop(process)

    def _assign(self, run: _Run[Result], busy: Iterable[Process]) -> Process:
        """Give what is missing of a run to a reader."""
        while True:
            process = self._process(own=run.own, busy=tuple(busy))
            try:
                process.send(run.submission())
            except DeadError:
                self._drop(process)
            else:
                return process

    def _advance(self, process: Process, run: _Run[Result], *, late: bool) -> bool:
        """Take what a reader says; whether it has no more to say on this run, of which tasks may be missing."""
        try:
            if late:
                raise DeadError("no answer in time")
            for message in process.receive():
                if not isinstance(message, Done):
                    run.accept(*message)
                elif message.problem.startswith(NO_SANDBOX):
                    self._no_sandbox = message.problem.removeprefix(NO_SANDBOX)
                    self._drop(process)
                    return True
                else:
                    run.end(message.problem)
                    return True
        except DeadError:
            self._drop(process)
            run.end("")
            return True
        return False

    # the readers

    def _process(self, *, own: bool, busy: Sequence[Process] = ()) -> Process:
        """A reader that is ready and not busy: one that runs, or a new one."""
        while True:
            sandboxed = not self._no_sandbox
            free = [process for process in self._processes if process not in busy]
            for process in [process for process in free if not process.is_alive()]:
                self._drop(process)
                free.remove(process)
            ready = [process for process in free if process.sandboxed is sandboxed]
            if not sandboxed:
                self._permit(own=own)
            try:
                if not ready:
                    made = Process(self.limits, sandboxed=sandboxed, own_proc=self._own_proc, parts=self._parts)
                    ready.append(made)
                    self._processes.append(made)
                ready[0].greet()
            except StartError as error:
                self._processes = [process for process in self._processes if process not in ready]
                if error.missing:
                    message = f"{reader_python()} cannot load librpm: {error}"
                    raise RefusalError(message, hint=INSTALL + "; SPECGEN_RPM_PYTHON names another Python") from None
                if not sandboxed:
                    raise RefusalError(f"librpm's reader does not start: {error}", hint=INSTALL) from None
                if self._own_proc and "/proc" in str(error):
                    self._own_proc = False
                else:
                    self._no_sandbox = str(error)
            else:
                return ready[0]

    def _permit(self, *, own: bool) -> None:
        """Decide whether something may be read without a sandbox."""
        if not own and not self.trust:
            raise RefusalError(
                f"reading a spec runs its code, and no sandbox works here: {self._no_sandbox}",
                hint="install bubblewrap and allow user namespaces, or pass --trust if you trust every spec",
            )
        if not self._warned:
            self._warned = True
            self._warn(f"no sandbox works here, so specs are read without one: {self._no_sandbox}")

    def _drop(self, process: Process) -> None:
        process.kill()
        if process in self._processes:
            self._processes.remove(process)
