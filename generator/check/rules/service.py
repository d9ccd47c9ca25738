"""What else the bot looks at: _service and rpmlintrc."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.case import Case
from generator.check.rule import Hit, rule
from generator.errors import InputError
from generator.sources.service import ServiceFile

_BOT = "Factory's bot (openSUSE-release-tools, check_source.pl)"
_MODES = ("localonly", "disabled", "buildtime", "manual")


@rule(
    "rpmlintrc-badness",
    "error",
    reason="The bot declines a package that changes the badness of rpmlint's findings.",
    source=_BOT,
    example="setBadness('invalid-license', 0)",
)
def badness(case: Case) -> Iterator[Hit]:
    """A setBadness in an rpmlintrc."""
    for name, file in case.sources.files.items():
        if name.endswith("rpmlintrc"):
            for number, line in enumerate(file.lines, 1):
                if line.lstrip().startswith("setBadness"):
                    message = f"For Factory submissions, you cannot use setBadness. Use filters in {name}."
                    yield Hit(message, name, number)


@rule(
    "service-mode",
    "error",
    reason="A service that the server runs on its own may change what was reviewed.",
    source=_BOT,
    example='<service name="tar_scm"> without a mode',
)
def mode(case: Case) -> Iterator[Hit]:
    """A service that runs by itself, or a _service that cannot be read."""
    file = case.sources.files.get("_service")
    if file is None:
        return
    try:
        services = ServiceFile.parse(file.content).services
    except InputError as error:
        problem = error.problems[0]
        yield Hit(problem.message, "_service", problem.origin.line if problem.origin else 1, hint=problem.hint)
        return
    for service in services:
        if service.mode not in _MODES:
            yield Hit(
                "Services are only allowed if they are mode='localonly', 'disabled', 'manual' or 'buildtime'. "
                f"Please change the mode of {service.name} and use `osc service localrun/disabledrun`.",
                "_service",
                service.line,
                hint='write mode="manual", or mode="buildtime"',
            )
