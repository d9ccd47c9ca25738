"""Readers for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from generator.errors import RefusalError
from generator.librpm import Librpm


@pytest.fixture(scope="session")
def librpm() -> Iterator[Librpm]:
    """One reader for all tests, as one command has one for all specs: no test may disturb the next."""
    with Librpm.start() as reader:
        try:
            reader.greet()
        except RefusalError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))  # a developer's machine without librpm
        if reader.no_sandbox and not os.environ.get("CI"):
            pytest.skip(reader.no_sandbox)  # as above, without bubblewrap
        yield reader
