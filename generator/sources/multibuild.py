"""`_multibuild`: the flavours that the Open Build Service builds a package in."""

from __future__ import annotations

from pathlib import PurePosixPath
from xml.etree import ElementTree as ET

from generator.errors import InputError
from generator.origin import Origin
from generator.sources import Sources

NAME = "_multibuild"


def flavours(sources: Sources) -> tuple[str, ...]:
    """The flavours of a package: the empty one first, unless `buildemptyflavor` turns it off, then those listed.

    Raises:
        InputError: `_multibuild` is not the XML that OBS reads.
    """
    file = sources.files.get(NAME)
    if file is None:
        return ("",)
    if b"<!DOCTYPE" in file.content or b"<!ENTITY" in file.content:
        raise InputError(f"{NAME}: a document type is not allowed here")
    try:
        root = ET.fromstring(file.content)  # noqa: S314  entities, the danger of stdlib XML, are refused above
    except ET.ParseError as error:
        raise InputError(f"not well-formed XML: {error}", Origin(PurePosixPath(NAME), error.position[0])) from None
    named = [(entry.text or "").strip() for entry in root if entry.tag in ("flavor", "package")]
    first = [] if root.get("buildemptyflavor", "true").lower() in ("false", "0") else [""]
    return tuple(dict.fromkeys(first + [name for name in named if name])) or ("",)
