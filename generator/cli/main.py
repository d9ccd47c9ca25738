"""The way in: `--version` and an unchanged check are answered without loading anything."""

from __future__ import annotations

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
    from generator.cli.application import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
