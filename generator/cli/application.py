"""The application: the group of commands, the packages that they work on, and how errors reach a person."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from generator import __version__
from generator.cli.commands import COMMANDS
from generator.cli.terminal import colour_wish, unwritten
from generator.errors import InputError, SpecgenError

if TYPE_CHECKING:
    from generator.package.defined import Defined
    from generator.package.foreign import Foreign

ROOT = Path(__file__).parent.parent


class Application(msgspec.Struct, frozen=True):
    """What every command gets: where definitions are, and how to find a package."""

    specs: Path

    def definition_folder(self, name: str) -> Path:
        """The folder of the definition with this name."""
        return self.specs / name

    def package(self, name: str = ".", settings: Mapping[str, str] | None = None) -> Defined | Foreign:
        """The package that a person named: a definition under `specs`, or a path to one or to a directory.

        Raises:
            InputError: there is no such package, the name means two, or options are set where there are none.
        """
        from generator.definition.load import FILE
        from generator.package.defined import Defined

        if not name:
            raise InputError("the name of a package is empty", hint="leave it out for the directory you are in")
        path = Path(name).parent if Path(name).name == FILE else Path(name)
        named = self.definition_folder(name)
        by_name = "/" not in name and name not in (".", "..") and (named / FILE).is_file()
        if by_name and path.is_dir() and path.resolve() != named.resolve():
            message = f"'{name}' is a definition under {shown(self.specs)} and also a directory here"
            raise InputError(message, hint=f"write {shown(named)} or ./{name}")
        folder = named if by_name else path
        if (folder / FILE).is_file():
            siblings = self.specs if by_name else folder.resolve().parent
            return Defined.open(folder.resolve(), shown(folder), settings or {}, lambda other: siblings / other)
        if settings:
            raise InputError(f"--set is for definitions, and {name} has none")
        if path.is_file():
            raise InputError(f"{name} is a file", hint="name the directory that it is in")
        if not path.is_dir():
            raise InputError(f"there is no package '{name}'", hint=self._known(name))
        from generator.package.foreign import Foreign

        return Foreign.open(path, shown(path))

    def _known(self, name: str) -> str:
        from generator.definition.convert import nearest
        from generator.definition.load import FILE

        names = sorted(path.parent.name for path in self.specs.glob(f"*/{FILE}"))
        return f"no directory of that name, and under {shown(self.specs)}: " + (nearest(name, names) or "nothing")


def shown(path: Path) -> str:
    """The path as messages show it: relative where it lies below the working directory."""
    full, here = Path(os.path.abspath(path)), Path.cwd()  # noqa: PTH100  (resolve() would follow links)
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(full)


def default_specs() -> Path:
    """The definitions to use: those of the working directory, of the checkout that specgen runs from, or its own."""
    for folder in (Path("specs"), ROOT.parent / "specs", ROOT / "specs"):
        if folder.is_dir():
            return folder
    return Path("specs")


class Commands(click.Group):
    """The commands, imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"generator.cli.{cmd_name}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101  (ours)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was typed, or an error with the nearest one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from generator.definition.convert import nearest

            raise InputError(f"there is no command '{args[0]}'", hint=nearest(args[0], COMMANDS))
        return super().resolve_command(ctx, args)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context of a command line, whose help may have no reader any more."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except BrokenPipeError as error:
            raise click.exceptions.Exit(unwritten(error)) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; click itself would end with 1 where nobody reads on, the code of errors found."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            return unwritten(error)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "SPECGEN", "max_content_width": 100},
)
@click.option(
    "--specs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="SPECGEN_SPECS",
    help="The folder of the definitions; otherwise ./specs, or what specgen brings along.",
)
@click.version_option(__version__, message="specgen %(version)s")
@click.pass_context
def cli(context: click.Context, specs: Path | None) -> None:
    """Render, prove and submit RPM packages for the Open Build Service.

    PACKAGE is the name of a definition, or a path to a definition or to any package directory; without one it is
    the directory you are in.

    Exit codes: 0 fine; 1 errors found (with --strict warnings too), or the sides of a diff differ; 2 usage or bad
    input; 3 this machine lacks something, or going on would not be safe; 4 OBS said no or is away.
    """
    context.color = colour_wish()
    context.obj = Application(specs or default_specs())


def main(arguments: Sequence[str]) -> int:
    """Run a command line; gives the exit code. Whatever is wrong is said on standard error."""
    try:
        result: Any = cli.main(list(arguments), prog_name="specgen", standalone_mode=False)
    except SpecgenError as error:
        for problem in error.problems:
            _say(str(problem))
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "generator":
            raise
        _say(f"this needs the Python package {error.name}, which is not installed (install obs-specgen[obs])")
        return 3
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return 130
    except OSError as error:
        if not error.filename:
            return unwritten(error)
        _say(f"{error.filename}: {error.strerror}")  # what the places that open files did not foresee
        return 3
    except MemoryError:
        _say("this machine has not enough memory for it")
        return 3
    return result if isinstance(result, int) else 0


_LONGEST = 800


def _say(message: str) -> None:
    """Say on standard error what is wrong; of a very long line, which quotes a file, its begin and its end.

    A message may have many lines: those of a rejected hunk are all needed.
    """
    message = "\n".join(
        line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 4 :]}"
        for line in message.split("\n")
    )
    click.echo(f"{click.style('error:', fg='red', bold=True)} {message}", err=True, color=colour_wish())
