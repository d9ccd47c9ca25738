"""The kind `directories`: directories that the package owns (`%dir`)."""

from collections.abc import Iterable

from generator.components.contribution import Contribution, File, guard
from generator.components.entry import ConditionalEntry, Mode, Name, Path
from generator.components.facts import Facts
from generator.components.kind import Kind


class Directory(ConditionalEntry, frozen=True, kw_only=True):
    """A directory, at its key (macro text). With a mode it is `%attr(MODE,root,root)`."""

    mode: Mode = ""
    package: Name = ""


def expand(entries: dict[Path, Directory], facts: Facts) -> Iterable[Contribution]:
    """One contribution per directory; the renderer leaves out the making of those that an installed file makes."""
    for path, entry in entries.items():
        under = guard(entry.when)
        yield Contribution(
            KIND.key,
            package=entry.package,
            guard=under,
            files=(
                File(
                    path,
                    entry.package,
                    f"%dir %attr({entry.mode},root,root)" if entry.mode else "%dir",
                    install=f"install -d %{{buildroot}}{path}",
                    guard=under,
                    because=entry.because,
                    origin=entry.origin,
                ),
            ),
            origin=entry.origin,
        )


KIND = Kind("directories", dict[Path, Directory], expand, order=20)
