"""A process that renders packages in children, each of which can be killed: `killed.py DIRECTORY PACKAGE`.

Reads a number from each line of its input, and writes the pid of the child that renders, then how it ended. A child
kills itself at the step of that number: the opening, renaming or removal of a file in the directory; 0 is never.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from generator.cli.application import main
from generator.package import directory as _directory  # noqa: F401  (loaded before the children begin)

STEPS = ("open", "os.rename", "os.remove", "os.mkdir")


def render(folder: str, package: str, last: int) -> int:
    taken = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal taken
        if event not in STEPS or not str(arguments[0]).startswith(f"{folder}/"):
            return
        taken += 1
        if taken == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    return main(["render", package, "-o", folder])


if __name__ == "__main__":
    folder, package = sys.argv[1:]
    Path(folder).mkdir(exist_ok=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            with Path(os.devnull).open("w") as null:
                os.dup2(null.fileno(), 1)
            os._exit(render(folder, package, int(line)))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
