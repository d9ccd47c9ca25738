"""The kind `udev-rules`: rules for udev, installed to `%{_udevrulesdir}` (systemd-rpm-macros)."""

from collections.abc import Iterable
from typing import Annotated

from generator.components.contribution import Contribution, File, Source, Tag, guard
from generator.components.entry import ConditionalEntry, Name, Shape, SourceNumber
from generator.components.facts import Facts
from generator.components.kind import Kind

RulesFile = Annotated[str, Shape(r"[\w.+-]+\.rules", "the name of a rules file, NAME.rules")]


class UdevRules(ConditionalEntry, frozen=True, kw_only=True):
    """A rules file, named by its key; its text is the file of that name beside the definition."""

    source: SourceNumber | None = None
    package: Name = ""


def expand(entries: dict[RulesFile, UdevRules], facts: Facts) -> Iterable[Contribution]:
    """One contribution per file. udev sees new rules by itself; %post, which may ask it for more, finds it there."""
    for name, entry in entries.items():
        under = guard(entry.when)
        yield Contribution(
            KIND.key,
            package=entry.package,
            guard=under,
            sources=(Source(name, entry.source, because=entry.because, origin=entry.origin),),
            tags=(Tag("Requires", "udev", "post", package=entry.package, guard=under, origin=entry.origin),),
            files=(
                File(
                    f"%{{_udevrulesdir}}/{name}",
                    package=entry.package,
                    install=f"install -D -m0644 %{{SOURCE:{name}}} %{{buildroot}}%{{_udevrulesdir}}/{name}",
                    guard=under,
                    origin=entry.origin,
                ),
            ),
            origin=entry.origin,
        )


KIND = Kind("udev-rules", dict[RulesFile, UdevRules], expand, order=60)
