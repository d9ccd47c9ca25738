"""The kind `audit-rules`: rules for the audit daemon below /etc/audit/rules.d (augenrules(8)).

The directory belongs to the package audit, which keeps it and its files from other users: 0750 and 0640.
"""

from collections.abc import Iterable
from typing import Annotated

from generator.components.contribution import Contribution, File, Source, Tag, guard
from generator.components.entry import ConditionalEntry, FileName, Name, Shape, SourceNumber
from generator.components.facts import Facts
from generator.components.kind import Kind

RulesFile = Annotated[str, Shape(r"[\w.+-]+\.rules", "the name of a rules file, NAME.rules")]
DIRECTORY = "%{_sysconfdir}/audit/rules.d"


class AuditRules(ConditionalEntry, frozen=True, kw_only=True):
    """A rules file, installed under its key; `file` is its name among the sources."""

    file: FileName = ""
    source: SourceNumber | None = None
    package: Name = ""


def expand(entries: dict[RulesFile, AuditRules], facts: Facts) -> Iterable[Contribution]:
    """One contribution per file, with its directory and the package that owns it."""
    for name, entry in entries.items():
        under, origin, package = guard(entry.when), entry.origin, entry.package
        source = entry.file or name
        yield Contribution(
            KIND.key,
            package=package,
            guard=under,
            sources=(Source(source, entry.source, because=entry.because, origin=origin),),
            tags=(Tag("BuildRequires", "audit", guard=under, origin=origin),),
            files=(
                File(DIRECTORY, package, "%dir %attr(750,root,root)", guard=under, origin=origin),
                File(
                    f"{DIRECTORY}/{name}",
                    package,
                    "%config",
                    install=f"install -D -m0640 %{{SOURCE:{source}}} %{{buildroot}}{DIRECTORY}/{name}",
                    guard=under,
                    origin=origin,
                ),
            ),
            origin=origin,
        )


KIND = Kind("audit-rules", dict[RulesFile, AuditRules], expand, order=70)
