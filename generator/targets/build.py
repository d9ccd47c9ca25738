"""From profiles to targets: what is kept ready of the built-in ones, and a target from a profile of one's own."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from generator.errors import InputError
from generator.targets.capabilities import Capability, holding
from generator.targets.profile import Profile, Read, read
from generator.targets.store import Kept, Known, capabilities, encode, kept
from generator.targets.target import Target

# The order in which targets are listed; the rest follows by name.
_ORDER = ("sle12", "sle12sp5", "sle15", "sle15sp6", "sle15sp7", "leap15.6", "slfo1.2", "slfo-main", "leap16.0")
_DEEPEST = 20


class _BuiltIn:
    """The built-in profiles, read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, Profile] = {}

    def path(self, name: str) -> Path | None:
        places = (self.folder / kind / f"{name}.toml" for kind in ("families", "profiles"))
        return next((path for path in places if path.is_file()), None)

    def find(self, name: str, asking: Path) -> Profile:
        if name not in self._read:
            path = self.path(name)
            if not path:
                raise InputError(f"{asking}: extends {name!r}, which is no family or profile")
            self._read[name] = read(path, name, path.read_text(encoding="utf-8"), self.find, built_in=True)
        return self._read[name]


def build(folder: Path, state: Mapping[str, tuple[int, int]]) -> Kept:
    """What is kept of the built-in data in `folder`; the keys of `state` are its files, as in `profiles/NAME.toml`.

    Raises:
        InputError: one of them is damaged.
    """
    known = _capabilities((folder / "capabilities.toml").read_text(encoding="utf-8"))
    built_in = _BuiltIn(folder)
    names = sorted(_stems(state, "profiles"), key=lambda name: (_place(name), name))
    every = [built_in.find(name, folder) for name in sorted({*names, *_stems(state, "families")})]
    profiles = {name: built_in.find(name, folder) for name in names}
    shared = set.intersection(
        *({value.definition for value in profile.values.values()} for profile in profiles.values())
    )
    return Kept(
        state=dict(state),
        targets={name: encode(_target(profile, known, shared)) for name, profile in profiles.items()},
        capabilities=msgspec.msgpack.encode(known),
        known=msgspec.msgpack.encode(_known((folder / "known.toml").read_text(encoding="utf-8"), every)),
    )


def _place(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _stems(texts: Iterable[str], kind: str) -> list[str]:
    return [name.removeprefix(f"{kind}/").removesuffix(".toml") for name in texts if name.startswith(f"{kind}/")]


def _capabilities(text: str) -> dict[str, Capability]:
    return msgspec.convert(tomllib.loads(text), dict[str, Capability])


def _known(text: str, profiles: Iterable[Profile]) -> Known:
    groups: list[dict[str, Any]] = tomllib.loads(text)["macros"]
    names = {name for group in groups for name in group.get("names", "").split()}
    names.update(name for profile in profiles for name in profile.values)
    return Known(frozenset(names), tuple(sorted({prefix for group in groups for prefix in group.get("prefixes", ())})))


def own(path: Path) -> Target:
    """The target that a profile file of one's own describes.

    Raises:
        InputError: all that is wrong with the file, with lines.
    """

    built_in = _BuiltIn(Path(__file__).parent)
    chain: list[Path] = []

    def find(name: str, asking: Path) -> Profile:
        if built_in.path(name):
            return built_in.find(name, asking)
        if name.endswith(".toml"):
            chain.append(asking)
            if len(chain) > _DEEPEST:
                raise InputError(f"{asking}: extends itself, in the end")
            found = _open(asking.parent / name, find)
            chain.pop()
            return found
        from difflib import get_close_matches

        near = get_close_matches(name, kept().targets, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(kept().targets)}; or a file, ./other.toml"
        raise InputError(f"{asking}: extends {name!r}, which is no target", hint=hint)

    profile = _open(path, find)
    if not profile.rpm:
        raise InputError(f"{path}: which rpm builds there is not known", hint="extend a target, or write [rpm]")
    return _target(profile, capabilities())


def _open(path: Path, find: Read) -> Profile:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise InputError(f"{path}: cannot be read: {reason}") from None
    return read(path, path.stem, text, find)


def _target(profile: Profile, known: Mapping[str, Capability], shared: Collection[str] = ()) -> Target:
    """The target of a profile; its macro file begins with the definitions that are `shared`, which are read once."""
    values = profile.values.values()
    definitions = [value.definition for value in values]
    first = sorted(definition for definition in definitions if definition in shared)
    return Target(
        name=profile.name,
        title=profile.title,
        rpm=profile.rpm,
        macros={value.name: value.body for value in values if value.body is not None and value.parameters is None},
        definitions="".join([*first, *(definition for definition in definitions if definition not in shared)]),
        capabilities=holding(known, profile.rpm, profile.families) if profile.rpm else frozenset(),
        architecture=profile.architecture,
        git=profile.git,
        parametric=frozenset(value.name for value in values if value.body is not None and value.parameters is not None),
        undefined=frozenset(value.name for value in values if value.body is None),
        sources=_sources(profile),
        disputed={value.name: value.disputed for value in values if value.disputed},
        standing=not profile.disputed,
    )


def _sources(profile: Profile) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {profile.rpm_source: ["rpm"]}
    for value in profile.values.values():
        found.setdefault(value.source, []).append(value.name)
    return {source: tuple(names) for source, names in found.items()}
