"""Several submissions in one run: all are prepared and shown before anything is sent, and each has a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from generator.errors import Problem, RefusalError, SpecgenError
from generator.obs.records import BuildResult
from generator.obs.server import Server
from generator.submit.apply import Apply
from generator.submit.builds import Builds, wait_for_builds
from generator.submit.destination import Destination
from generator.submit.journal import Journal
from generator.submit.progress import looking
from generator.submit.session import Local, Prepared, Wishes, prepare


@dataclass(frozen=True)
class Task:
    """One package on its way to one place."""

    server: Server
    destination: Destination
    prepared: Prepared
    journal: Journal

    @property
    def title(self) -> str:
        """What goes where, for people."""
        alias = f"{self.destination.alias}:" if self.destination.alias else ""
        return f"{alias}{self.prepared.plan.destination}"


@dataclass(frozen=True)
class Result:
    """How one task ended. `state` is `sent`, `unchanged` or `failed`."""

    task: Task
    state: str
    words: str
    revision: int = 0
    request: int = 0
    superseded: tuple[int, ...] = ()
    exit_code: int = 0
    builds: tuple[BuildResult, ...] = ()


def prepare_all(
    locals_: Mapping[str, Local],
    destinations: Sequence[Destination],
    servers: Mapping[str, Server],
    journals: Mapping[str, Journal],
    wishes: Wishes,
) -> list[Task]:
    """Prepare every package for every destination; nothing is sent.

    Raises:
        SpecgenError: one of them cannot be prepared.
    """
    with looking():
        return [
            Task(
                servers[one.alias],
                one,
                prepare(servers[one.alias], local, one.place(name), journals[name], wishes),
                journals[name],
            )
            for name, local in locals_.items()
            for one in destinations
        ]


def refuse_drift(submissions: Mapping[str, Prepared], lines: Callable[[Prepared], Sequence[str]]) -> None:
    """Stop where others changed what is ours; the submissions come with what goes where, for people.

    Raises:
        RefusalError: with everything that they changed.
    """
    drifted = {title: one for title, one in submissions.items() if one.drift}
    problems = []
    for title, prepared in drifted.items():
        target = prepared.plan.target
        revision = str(target.revision if target else 0)
        if len(drifted) > 1:
            revision = f"{prepared.plan.destination.project}={revision}"
        told = "\n".join(lines(prepared))
        problems.append(
            Problem(
                f"{title} was changed by others since specgen sent it; nothing was sent\n{told}",
                hint=f"take the changes over here, then go on with --base {revision}",
            )
        )
    if problems:
        raise RefusalError(problems)


def apply_all(tasks: Sequence[Task], tell: Callable[[str], None], builds: Builds = wait_for_builds) -> list[Result]:
    """Apply every task; one that fails does not keep the others back.

    Every branch is committed to before the builds of the first are waited for.
    """
    runs = [_Run(task, tell, builds) for task in tasks]
    for run in runs:
        run.begin()
    return [run.end() for run in runs]


class _Run:
    """One task under way. `result` is there once it has come to an end."""

    def __init__(self, task: Task, tell: Callable[[str], None], builds: Builds) -> None:
        prepared = task.prepared
        self.task = task
        self.result: Result | None = None
        self.apply = Apply(
            task.server,
            prepared.plan,
            task.journal,
            lambda name: prepared.local.payload(prepared.merged, name),
            frozenset(prepared.local.sources.files),
            lambda words: tell(f"{task.title}: {words}"),
            builds,
        )

    def begin(self) -> None:
        plan = self.task.prepared.plan
        if not plan.steps:
            if self.task.journal.unfinished(*self.apply.progress.to):  # killed when everything was done already
                self.apply.finish()
            self.result = Result(self.task, "unchanged", plan.reason, request=plan.open)
            return
        self._try(self.apply.begin)
        if not any(step.kind == "wait" for step in plan.steps):
            self.end()

    def end(self) -> Result:
        self._try(self.apply.end)
        outcome = self.apply.outcome
        if self.result is None:
            words = f"request {outcome.request}" if outcome.request else f"revision {outcome.revision}"
            if outcome.superseded:
                words += f", superseding {', '.join(map(str, outcome.superseded))}"
            facts = (outcome.revision, outcome.request, tuple(outcome.superseded))
            self.result = Result(self.task, "sent", words, *facts, builds=outcome.builds)
        return self.result

    def _try(self, part: Callable[[], object]) -> None:
        if self.result is not None:
            return
        try:
            part()
        except SpecgenError as error:
            done = self.apply.outcome
            facts = (done.revision, done.request, tuple(done.superseded))
            self.result = Result(self.task, "failed", str(error), *facts, exit_code=error.exit_code, builds=done.builds)
