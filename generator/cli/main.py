"""The way in: `--version` and an unchanged check are answered without loading anything."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys


def run() -> None:
    """Run specgen with the arguments of this process; ends the process."""
    if sys.argv[1:] == ["--version"]:
        from generator import __version__

        sys.stdout.write(f"specgen {__version__}\n")
        return
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started this
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123  (for the whole run)
    ending = [1]  # the exit code of a traceback
    atexit.register(_leave, ending)
    ending[0] = _answered() if sys.argv[1:2] == ["check"] else -1
    if ending[0] < 0:
        # A run makes few cycles and many objects: looking for them as often as Python does costs a tenth of it.
        gc.set_threshold(50_000, 20, 20)
        ending[0] = 1
        from generator.cli import bytecode

        modules = bytecode.use(sys.argv[1]) if len(sys.argv) > 1 else None
        from generator.cli.application import main

        ending[0] = main(sys.argv[1:])
        if modules:
            with contextlib.suppress(KeyboardInterrupt):  # the command is done
                modules.keep()
    sys.exit(ending[0])


def _answered() -> int:
    """The exit code of a check that was answered from the last one, -1 where it must be done."""
    from generator.cli.remembered import recalled

    try:
        code = recalled(sys.argv[1:])
    except OSError as error:
        from generator.cli.terminal import unwritten

        return unwritten(error)
    return -1 if code is None else code


def _leave(ending: list[int]) -> None:
    """End the process without taking apart, object by object, what the kernel frees at once."""
    try:
        sys.stdout.flush()
    except OSError as error:
        from generator.cli.terminal import unwritten

        ending[0] = unwritten(error)
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(ending[0])


if __name__ == "__main__":
    run()
