"""What the proofs share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof.chroot import make_base


@pytest.fixture(scope="session")
def base_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root directory that all chroots are made from."""
    return make_base(tmp_path_factory.mktemp("roots"))
