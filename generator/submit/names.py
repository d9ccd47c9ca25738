"""Names that an Open Build Service refuses, or that are its own: found before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterable

from generator.errors import InputError, Problem

LONGEST = 222  # bytes: the backend puts a digest and a dash before a name, and a file system takes 255
RESERVED = ("_link", "_aggregate", "_attribute", "_meta", "_history", "_project")
UNWRITABLE = re.compile("[\x00-\x1f\ud800-\udfff\ufffe\uffff]")
"""Control characters, which the backend refuses (BSVerify.pm, verify_filename), and what XML cannot hold."""


def check_names(names: Iterable[str], package: str) -> None:
    """Check the names of the package and its files.

    Raises:
        InputError: for every name that OBS refuses, or keeps for itself.
    """
    problems = [Problem(f"{package!r} is no name for a package in OBS: {why}") for why in _package_faults(package)]
    for name in names:
        why = _fault(name)
        if why:
            problems.append(Problem(f"{name!r} cannot be sent: {why}", hint="rename it, or keep it out of the package"))
    if problems:
        raise InputError(problems)


def _package_faults(package: str) -> list[str]:
    if not package or re.search(r"[/:\x00-\x1f]", package) or package[0] in "._" or package == "0":
        return ["it is empty, begins with a dot or underscore, or holds a slash, colon or control character"]
    return ["it is longer than 200 characters"] if len(package) > 200 else []


def _fault(name: str) -> str:
    if not name or "/" in name:
        return "OBS keeps no folders"
    if UNWRITABLE.search(name):
        return "it holds a control character or bytes that are not UTF-8"
    if name.startswith("."):
        return "OBS takes no hidden files"
    if name in RESERVED or name.startswith(("_service:", "_service_")):
        return "OBS keeps this name for itself"
    if len(name.encode()) > LONGEST:
        return f"it is longer than {LONGEST} bytes"
    return ""
