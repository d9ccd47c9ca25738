"""Where targets are found: the built-in profiles, kept ready in one file, and profiles of one's own.

Reading TOML takes about two milliseconds a profile, so what the built-in profiles amount to is kept beside Python's own
bytecode, or where that may not be written, in the user's cache. Like bytecode it is used while size and time of all the
files that it was made from are the same, written when it can be, and never needed.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from functools import cache
from pathlib import Path

import msgspec

from generator.errors import InputError
from generator.kept import keep, places
from generator.targets.capabilities import Capability
from generator.targets.target import Target

_HERE = Path(__file__).parent


class Known(msgspec.Struct, frozen=True):
    """Macro names that exist somewhere: `names` one by one, `prefixes` for the families that make names up."""

    names: frozenset[str]
    prefixes: tuple[str, ...]


class Kept(msgspec.Struct, frozen=True):
    """All built-in data, each part still encoded so that only what is asked for is decoded."""

    state: dict[str, tuple[int, int]]
    targets: dict[str, bytes]
    capabilities: bytes
    known: bytes


class _Encoded(msgspec.Struct, frozen=True):
    """A Target as it is kept."""

    name: str
    title: str
    rpm: str
    macros: dict[str, str]
    definitions: str
    capabilities: frozenset[str]
    architecture: str
    git: bool
    parametric: frozenset[str]
    undefined: frozenset[str]
    sources: dict[str, tuple[str, ...]]
    disputed: dict[str, str]
    standing: bool

    def target(self) -> Target:
        return Target(**{field: getattr(self, field) for field in self.__struct_fields__})


def encode(target: Target) -> bytes:
    """The target as bytes, to be kept."""
    return msgspec.msgpack.encode(_Encoded(**{field: getattr(target, field) for field in _Encoded.__struct_fields__}))


@cache
def kept() -> Kept:
    """The built-in data.

    Raises:
        InputError: a built-in profile is damaged.
    """
    state = _state()
    for path in _paths():
        with contextlib.suppress(OSError, msgspec.DecodeError):
            found = msgspec.msgpack.decode(Path(path).read_bytes(), type=Kept)
            if found.state == state:
                return found
    from generator.targets.build import build

    made = build(_HERE, state)
    keep(msgspec.msgpack.encode(made), _paths())
    return made


def _state() -> dict[str, tuple[int, int]]:
    """All files that the built-in data is made from, code and profiles, by name in this folder: size and time in ns."""
    found = {}
    for folder in ("", "families", "profiles"):
        with os.scandir(_HERE / folder) as entries:
            for entry in entries:
                if entry.name.endswith((".toml", ".py")):
                    status = entry.stat()
                    found[f"{folder}/{entry.name}"] = (status.st_size, status.st_mtime_ns)
    return found


def _paths() -> tuple[str, ...]:
    name = f"profiles-{zlib.crc32(str(_HERE).encode()):08x}.msgpack"  # a user's cache serves several installations
    return places(name, __spec__.cached if __spec__ else None)


@cache
def built_in(name: str) -> Target:
    """The built-in target of this name.

    Raises:
        InputError: there is none; names the nearest one.
    """
    found = kept().targets.get(name)
    if found is None:
        from difflib import get_close_matches

        near = get_close_matches(name, kept().targets, 1)
        also = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(kept().targets)}; or a file, ./mine.toml"
        raise InputError(f"unknown target {name!r}", hint=also)
    return msgspec.msgpack.decode(found, type=_Encoded).target()


@cache
def capabilities() -> dict[str, Capability]:
    """What some versions of rpm can read and others cannot, by name."""
    return msgspec.msgpack.decode(kept().capabilities, type=dict[str, Capability])


@cache
def known() -> Known:
    """All macro names that are known to exist somewhere."""
    return msgspec.msgpack.decode(kept().known, type=Known)
