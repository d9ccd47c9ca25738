"""`_multibuild`: the flavours that one spec is built in."""

from __future__ import annotations

from pathlib import PurePosixPath

import msgspec

from generator.errors import InputError
from generator.origin import Origin
from generator.sources import Sources
from generator.sources.xmltree import parse_xml

NAME = "_multibuild"


class Flavour(msgspec.Struct, frozen=True):
    """One flavour, and its line; `package` ones are spelled `<package>`, the older form."""

    name: str
    line: int
    package: bool = False


class Multibuild(msgspec.Struct, frozen=True, dict=True):
    """A `_multibuild` file as it was read. `plain` tells whether the package is built without a flavour, too."""

    content: bytes
    flavours: tuple[Flavour, ...]
    plain: bool = True

    @classmethod
    def parse(cls, content: bytes, name: str = NAME) -> Multibuild:
        """Read a `_multibuild` file.

        Raises:
            InputError: it is not XML, or not a list of flavours; with its line.
        """
        root = parse_xml(name, content)
        if root.name != "multibuild":
            raise InputError(f"<{root.name}> is not <multibuild>", Origin(PurePosixPath(name), root.line))
        flavours = tuple(
            Flavour(child.text.strip(), child.line, child.name == "package")
            for child in root.children
            if child.name in ("flavor", "package")
        )
        plain = root.attributes.get("buildemptyflavor", "true").lower() not in ("false", "0")
        return cls(content, flavours, plain)

    def to_bytes(self) -> bytes:
        """The file as it was read."""
        return self.content

    @property
    def names(self) -> tuple[str, ...]:
        """What is built: the empty flavour first, where it is, then those listed, each once."""
        named = [flavour.name for flavour in self.flavours if flavour.name]
        return tuple(dict.fromkeys(([""] if self.plain else []) + named)) or ("",)


def flavours(sources: Sources) -> tuple[str, ...]:
    """The flavours that a package is built in; only the empty one without a `_multibuild`.

    Raises:
        InputError: `_multibuild` is not the XML that OBS reads.
    """
    file = sources.files.get(NAME)
    return Multibuild.parse(file.content).names if file else ("",)
