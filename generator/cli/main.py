"""The way in: `--version` and an unchanged check are answered without loading anything."""

from __future__ import annotations

import atexit
import gc
import os
import sys


def run() -> None:
    """Run specgen with the arguments of this process; ends the process."""
    if sys.argv[1:] == ["--version"]:
        from generator import __version__

        sys.stdout.write(f"specgen {__version__}\n")
        return
    if sys.argv[1:2] == ["check"]:
        from generator.cli.remembered import recalled

        code = recalled(sys.argv[1:])
        if code is not None:
            sys.exit(code)
    # A run makes few cycles and many objects: looking for cycles as often as Python does by itself costs a tenth of it.
    gc.set_threshold(50_000, 20, 20)
    ending = [1]  # the exit code of a traceback
    atexit.register(_leave, ending)
    from generator.cli.application import main

    ending[0] = main(sys.argv[1:])
    sys.exit(ending[0])


def _leave(ending: list[int]) -> None:
    """End the process without taking apart, object by object, what the kernel frees at once."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        ending[0] = 141
    os._exit(ending[0])


if __name__ == "__main__":
    run()
