"""Which tests run: long proofs only with --all, and those that need root only as root; what could not be proven."""

from __future__ import annotations

import os
import signal

import pytest

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell that runs the tests behind itself lets them ignore the signal, and every process that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --all and --update-goldens."""
    parser.addoption("--all", action="store_true", help="also run the long proofs marked live")
    parser.addoption("--update-goldens", action="store_true", help="write tests/goldens anew from what is rendered")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what was not asked for, and what cannot run here; where everything must run (CI), nothing is skipped."""
    live = pytest.mark.skip(reason="a long proof: run with --all")
    root = pytest.mark.skip(reason="needs root")
    for item in items:
        if "live" in item.keywords and not config.getoption("--all"):
            item.add_marker(live)
        if "root" in item.keywords and os.geteuid() and not os.environ.get("CI"):
            item.add_marker(root)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the last lines which real sources the registry refused, so that a green run does not hide it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", ()) if reporter else ()
    reasons = [report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple)]
    refused = sorted({text.partition("the registry refused: ")[2] for text in reasons} - {""})
    if refused:
        reporter.section("NOT PROVEN: the registry refused", red=True, bold=True)
        for line in refused:
            reporter.line(line)
