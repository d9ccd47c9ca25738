"""What an rpm version can read: `capabilities.toml` as data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec


class Exemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A family of targets whose distribution taught an older rpm the same."""

    family: str
    source: str


class Capability(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"exemptions": "except"}):
    """Something that some versions of rpm can read, and others cannot."""

    title: str
    since: str
    source: str
    until: str = ""
    exemptions: tuple[Exemption, ...] = ()

    def holds(self, rpm: str, families: Collection[str]) -> bool:
        """Whether rpm of this version, on a target of these families, can read it."""
        if any(exemption.family in families for exemption in self.exemptions):
            return True
        return version(rpm) >= version(self.since) and not (self.until and version(rpm) >= version(self.until))


def version(text: str) -> tuple[int, ...]:
    """A version of rpm as numbers.

    Raises:
        ValueError: it is no version.
    """
    return tuple(map(int, text.split(".")))


def holding(capabilities: Mapping[str, Capability], rpm: str, families: Iterable[str]) -> frozenset[str]:
    """The names of the capabilities that rpm of this version has on a target of these families."""
    known = frozenset(families)
    return frozenset(name for name, capability in capabilities.items() if capability.holds(rpm, known))
