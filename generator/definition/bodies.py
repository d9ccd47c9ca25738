"""Bodies: the files of a definition's folder that hold the text of a section, as plain spec text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from generator.definition.convert import nearest
from generator.definition.model import SourceText
from generator.errors import InputError, Problem
from generator.origin import Origin
from generator.sources import rpmwords

SECTIONS = ("build", "install", "check")
SCRIPTLETS = ("pretrans", "pre", "post", "preun", "postun", "posttrans", "verifyscript")

_WORD = re.compile(r"%(\w+)", re.ASCII)


def name(section: str, package: str = "", *, last: bool = False) -> str:
    """The file that holds a section's body, or (`last`) what comes after all that components add to it."""
    return section + (f"-{package}" if package else "") + (".last" if last else "") + ".sh"


def known(packages: Collection[str]) -> list[str]:
    """The names of all bodies that a definition with these subpackages can have."""
    found = ["prep.sh"]
    for last in (False, True):
        found += [name(section, last=last) for section in (*SECTIONS, *SCRIPTLETS)]
        found += [name(section, package, last=last) for section in SCRIPTLETS for package in packages]
    return found


def faults(files: Mapping[str, SourceText], packages: Collection[str], others: Collection[str]) -> Iterator[Problem]:
    """What is wrong with the bodies among a folder's files; `others` are the names of sources."""
    possible = known(packages)
    for key, file in files.items():
        if not key.endswith(".sh") or key in others:
            continue
        path = PurePosixPath(file.path)
        if key not in possible:
            hint = nearest(key, possible) or "SECTION.sh or SECTION-SUBPACKAGE.sh"
            yield Problem(f"{key} is no source, and no body of a section of this package", Origin(path, 1), hint)
            continue
        try:
            lines = file.text.split("\n")
        except InputError as error:
            yield from error.problems
            continue
        for number, text in enumerate(lines, 1):
            found = _WORD.match(text)
            if found and found[1].lower() in rpmwords.SECTIONS:  # it would end the section that the body belongs to
                hint = f"the text of a section stands in a file of its own, {found[1].lower()}.sh"
                yield Problem(f"{found[0]} begins another section here", Origin(path, number), hint)
            if "\r" in text or "\0" in text:
                yield Problem(
                    "a control character stands on this line", Origin(path, number), "end lines with LF alone"
                )
