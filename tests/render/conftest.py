"""A reader for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from generator.errors import RefusalError
from generator.librpm import Librpm


@pytest.fixture(scope="session")
def librpm() -> Iterator[Librpm]:
    """One reader of librpm."""
    with Librpm.start() as reader:
        try:
            reader.greet()
        except RefusalError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))  # a developer's machine without librpm
        yield reader
