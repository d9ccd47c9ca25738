"""`specgen obs`: a private Open Build Service for trying things out."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType

import click


@click.group()
def obs() -> None:
    """A private Open Build Service of your own."""


@obs.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep everything in this folder, and find it again there. Without it, all is gone at the end.",
)
@click.option("--builds", is_flag=True, help="Build packages, too: needs root, obs-worker and obs-build.")
def serve(data: Path | None, builds: bool) -> None:
    """Run a private Open Build Service until interrupted.

    The backend is the real one, as Debian packages it (obs-server); the front end is specgen's own stand-in, which has
    accounts, branches, requests, comments, attributes and searching, but no reviews. It listens on the loopback
    address alone, where other people with an account on this machine can reach it too.

    With --builds it has a scheduler, a dispatcher, a publisher and a worker, and a root to build in that is made of
    this machine's own files: enough to see builds succeed, fail and miss what they require; what is built fits no
    distribution.
    """
    from generator.obs import buildroot
    from generator.obs.backend import ARCHITECTURE
    from generator.obs.gateway.accounts import ADMINISTRATOR
    from generator.obs.private import PrivateServer

    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with PrivateServer(data, builds=builds) as server:
            person = server.write_configuration(server.data / "oscrc")
            administrator = server.write_configuration(server.data / "admin.oscrc", ADMINISTRATOR)
            click.echo(f"serving on {server.url}, data in {server.data}" + (" (temporary)" if data is None else ""))
            click.echo(f"  as a packager:      export OSC_CONFIG={person}")
            click.echo(f"  as administrator:   export OSC_CONFIG={administrator}")
            click.echo("  then, for example:  osc whois")
            if builds:
                click.echo("  a project builds with this in its meta (osc meta prj -e PROJECT):")
                click.echo(f"    {buildroot.repository(ARCHITECTURE)}")
            click.echo("interrupt to stop")
            while not ended.wait(3600):
                pass
        click.echo("stopped")
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
