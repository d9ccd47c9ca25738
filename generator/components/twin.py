"""The kind `twin`: two packages with the same files, of which one replaces the other (docker and docker-stable).

The conditions stand in both specs, so that the two stay as alike as possible.
"""

from collections.abc import Iterable, Iterator

from generator.components.contribution import Contribution, Guard, Tag
from generator.components.entry import Entry, Name, Prose
from generator.components.facts import Facts
from generator.components.kind import Kind
from generator.condition import String
from generator.errors import Problem
from generator.origin import origin_of


class Twin(Entry, frozen=True, kw_only=True):
    """`replacement` provides, obsoletes and conflicts with `original`, which only conflicts with it.

    So does each subpackage with its twin, but for those named in `without`.
    """

    original: Name
    replacement: Name
    without: list[Name] = []
    because: Prose = ""


def expand(entry: Twin, facts: Facts) -> Iterable[Contribution]:
    """One contribution for the main package and one for each subpackage."""
    replaces = String("name", "==", entry.replacement)
    packages: list[tuple[str, str, Guard]] = [("", facts.version, ())]
    packages += [(sub.name, sub.version or facts.version, sub.guard) for sub in facts.subpackages]
    for name, version, around in packages:
        if name in entry.without:
            continue
        suffix = f"-{name}" if name else ""

        def tag(tag: str, value: str, holds: bool, name: str = name, around: Guard = around) -> Tag:
            under = (*around, (replaces, holds))
            return Tag(tag, value, package=name, guard=under, because=entry.because, origin=entry.origin)

        yield Contribution(
            KIND.key,
            package=name,
            tags=(
                tag("Provides", f"{entry.original}{suffix} = {version}", True),
                tag("Obsoletes", f"{entry.original}{suffix} < {version}", True),
                tag("Conflicts", f"{entry.original}{suffix}", True),
                tag("Conflicts", f"{entry.replacement}{suffix}", False),
            ),
            origin=entry.origin,
        )


def check(entry: Twin, facts: Facts) -> Iterator[Problem]:
    """The package is one of the two, and they are two."""
    if entry.original == entry.replacement:
        yield Problem(f"twin: '{entry.original}' cannot replace itself", origin_of(entry.replacement), "name its twin")
    if facts.name and facts.name not in (entry.original, entry.replacement):
        both = f"'{entry.original}' or '{entry.replacement}'"
        yield Problem(f"twin: this package is '{facts.name}', neither {both}", entry.origin)


KIND = Kind("twin", Twin, expand, order=100, late=True, check=check)
