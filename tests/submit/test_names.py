from __future__ import annotations

import pytest

from generator.errors import InputError
from generator.submit.names import check_names


@pytest.mark.parametrize(
    "name", ["", "a/b", "/a", ".hidden", ".", "a\nb", "\x00", "_link", "_service:x", "\udce9", "\uffff", "x" * 223]
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be sent"):
        check_names([name], "hello")


@pytest.mark.parametrize("name", ["a b", "ä ö.patch", "_service", "_multibuild", "-x", "a&b<c>.txt", "x" * 222, "日本"])
def test_names_that_are_fine(name: str) -> None:
    check_names([name], "hello")


@pytest.mark.parametrize("package", ["", "_x", ".x", "a/b", "a:b", "0", "x" * 201])
def test_packages_that_are_refused(package: str) -> None:
    with pytest.raises(InputError, match="is no name for a package"):
        check_names([], package)
