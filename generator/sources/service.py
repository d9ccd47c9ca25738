"""`_service`: the source services of a package, and how each is run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

import msgspec

from generator.errors import InputError
from generator.origin import Origin
from generator.sources.xmltext import element_line, opening_tag
from generator.sources.xmltree import parse_xml


class Parameter(msgspec.Struct, frozen=True):
    """One `<param>`; a name may occur several times (`exclude`). `line` counts from 1, 0 for one that was not read."""

    name: str
    value: str
    line: int = 0


class Service(msgspec.Struct, frozen=True):
    """One `<service>`: `mode` is `manual`, `buildtime`, `localonly`, `disabled`, …, or empty (run by the server)."""

    name: str
    mode: str = ""
    parameters: tuple[Parameter, ...] = ()
    line: int = 0

    def values(self, name: str) -> tuple[str, ...]:
        """The values of all parameters of this name."""
        return tuple(parameter.value for parameter in self.parameters if parameter.name == name)

    def value(self, name: str) -> str:
        """The value of the first parameter of this name, empty without one."""
        return next(iter(self.values(name)), "")


class ServiceFile(msgspec.Struct, frozen=True, dict=True):
    """A `_service` file as it was read."""

    content: bytes
    services: tuple[Service, ...]

    @classmethod
    def parse(cls, content: bytes, name: str = "_service") -> ServiceFile:
        """Read a `_service` file.

        Raises:
            InputError: it is not XML, or not a list of services; with its line.
        """
        root = parse_xml(name, content)
        if root.name != "services":
            raise InputError(f"<{root.name}> is not <services>", Origin(PurePosixPath(name), root.line))
        services = []
        for element in root.all("service"):
            if "name" not in element.attributes:
                raise InputError("a <service> without a name", Origin(PurePosixPath(name), element.line))
            parameters = tuple(
                Parameter(child.attributes.get("name", ""), child.text.strip(), child.line)
                for child in element.all("param")
            )
            services.append(
                Service(element.attributes["name"], element.attributes.get("mode", ""), parameters, element.line)
            )
        return cls(content, tuple(services))

    def to_bytes(self) -> bytes:
        """The file as it was read."""
        return self.content


def write_services(services: Iterable[Service]) -> str:
    """A `_service` file in the usual form, indented by two blanks a level."""
    text = "<services>\n"
    for service in services:
        attributes = {"name": service.name} | ({"mode": service.mode} if service.mode else {})
        if not service.parameters:
            text += element_line("service", attributes, "", "  ")
            continue
        text += f"  {opening_tag('service', attributes)}\n"
        for parameter in service.parameters:
            text += element_line("param", {"name": parameter.name}, parameter.value, "    ")
        text += "  </service>\n"
    return text + "</services>\n"
