"""The way in: `--version` and nothing else is answered without loading anything."""

from __future__ import annotations

import sys


def run() -> None:
    """Run specgen with the arguments of this process; ends the process."""
    if sys.argv[1:] == ["--version"]:
        from generator import __version__

        sys.stdout.write(f"specgen {__version__}\n")
        return
    from generator.cli.application import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
