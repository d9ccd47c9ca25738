"""Every request of a submission meets every fault: it ends well or says why, a later run completes, none doubles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from generator.errors import SpecgenError
from generator.obs.client import Configuration, Patience
from generator.obs.server import Server
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, entry, local, spec
from tests.submit.proxy import FAULTS, Proxy

# osc leaves the first answer, the 401, unread on its connection; where the request with the password then fails, that
# connection is only closed when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PACKAGE = local({"hello.spec": spec("1", "# ours"), "hello.changes": entry(1, "Change") + OLD}, ("hello-1.tar",))
HASTE = Patience(timeout=1, retries=2, pause=0.01)  # for answers that are held back
PATIENCE = Patience(timeout=20, retries=2, pause=0.01)


def through(bench: Bench, proxy: Proxy, folder: Path) -> Server:
    """The server, reached through the proxy."""
    url = f"http://127.0.0.1:{proxy.port}"
    account = bench.obs.server.gateway.accounts["packager"]
    lines = ["[general]", f"apiurl = {url}", f"cookiejar = {folder}/jar-{proxy.port}", ""]
    path = folder / f"oscrc-{proxy.port}"
    path.write_text("\n".join([*lines, *bench.obs.server.section(account, "proxy", url)]))
    path.chmod(0o600)
    return Server(Configuration(path, HASTE if proxy.fault == "delay" else PATIENCE).connect())


def direct(bench: Bench) -> Server:
    return Server(Configuration(bench.obs.oscrc, Patience(timeout=10, retries=2, pause=0.02)).connect())


def conversation(bench: Bench, folder: Path) -> list[str]:
    """The requests of one undisturbed submission."""
    proxy = Proxy(bench.obs.url)
    bench.server = through(bench, proxy, folder)
    bench.submit(PACKAGE)
    proxy.close()
    bench.server = direct(bench)
    return proxy.seen


def meet(make_bench: Callable[[], Bench], folder: Path, fault: str, at: int) -> str:
    """One case; gives how the first run ended."""
    bench = make_bench()
    bench.state = folder / f"state-{fault}-{at}"
    proxy = Proxy(bench.obs.url, fault, at, delay=2.0)
    bench.server = through(bench, proxy, folder)
    try:
        bench.submit(PACKAGE)
        ended = "well"
    except SpecgenError as error:
        assert error.exit_code in (2, 3, 4), error  # noqa: PT017  success is an end as well
        ended = str(error)
        assert "Done before: " in ended or "nothing was sent" in ended, ended
    proxy.wait_until_idle()
    proxy.close()
    bench.server = direct(bench)
    later = bench.prepare(PACKAGE)
    if ended == "well":
        assert later.plan.steps == (), (fault, at, later.plan.steps)
    assert later.drift == ()
    bench.apply(later)
    assert bench.prepare(PACKAGE).plan.steps == ()
    assert bench.counts() == (1, 1), (fault, at, proxy.seen[at], ended)
    assert bench.files(bench.branch)["hello.spec"] == spec("1", "# ours").encode()
    return ended


def test_writes_meet_the_worst_faults(make_bench: Callable[[], Bench], tmp_path: Path) -> None:
    seen = conversation(make_bench(), tmp_path)
    writes = [at for at, line in enumerate(seen) if not line.startswith("GET")]
    assert len(writes) == 5, [seen[at] for at in writes]  # branch, two files, commit, request
    ends = [meet(make_bench, tmp_path, fault, at) for at in writes for fault in ("lose-answer", "500")]
    assert ends == ["well"] * 10


@pytest.mark.live
def test_every_request_meets_every_fault(make_bench: Callable[[], Bench], tmp_path: Path) -> None:
    seen = conversation(make_bench(), tmp_path)
    cases = [(fault, at) for at in range(len(seen)) for fault in FAULTS]
    ends = [meet(make_bench, tmp_path, fault, at) for fault, at in cases]
    well = ends.count("well")
    print(f"{len(cases)} cases: {well} ended well, {len(cases) - well} with a message; {len(seen)} requests")
    assert well > len(cases) // 3
