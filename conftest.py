"""Which tests run: long proofs only with --all, and those that need root only as root."""

from __future__ import annotations

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --all."""
    parser.addoption("--all", action="store_true", help="also run the long proofs marked live")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what was not asked for, and what cannot run here; where everything must run (CI), nothing is skipped."""
    live = pytest.mark.skip(reason="a long proof: run with --all")
    root = pytest.mark.skip(reason="needs root")
    for item in items:
        if "live" in item.keywords and not config.getoption("--all"):
            item.add_marker(live)
        if "root" in item.keywords and os.geteuid() and not os.environ.get("CI"):
            item.add_marker(root)
