"""The kind `completions`: one subpackage per shell, installed where package and shell both are.

Source: the boolean `packageand(PACKAGE:SHELL)` of openSUSE's Supplements.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal

import msgspec

from generator.components.contribution import Contribution, File, Subpackage, Tag, guard
from generator.components.entry import ConditionalEntry, Path, Word, installed_path
from generator.components.facts import Facts
from generator.components.kind import Kind
from generator.errors import Problem
from generator.origin import origin_of


class Shell(msgspec.Struct, frozen=True):
    """What a shell calls itself, the package its completions need, and where it looks for them."""

    title: str
    package: str
    folder: str


SHELLS = {
    "bash": Shell("Bash", "bash-completion", "%{_datadir}/bash-completion/completions"),
    "zsh": Shell("Zsh", "zsh", "%{_sysconfdir}/zsh_completion.d"),
    "fish": Shell("Fish", "fish", "%{_datadir}/fish/vendor_completions.d"),
}


class Completion(ConditionalEntry, frozen=True, kw_only=True):
    """The completion for one shell: `source` is the file in the build tree; it keeps its name where it is installed."""

    shorthand: ClassVar[str] = "source"

    source: Word
    path: Path = ""


def expand(entries: dict[Literal["bash", "zsh", "fish"], Completion], facts: Facts) -> Iterable[Contribution]:
    """One contribution per shell: the subpackage, its dependencies and its file."""
    for key, entry in entries.items():
        shell, under, origin = SHELLS[key], guard(entry.when), entry.origin
        name = f"{key}-completion"
        path = installed_path(entry.path or f"{shell.folder}/", entry.source)

        def tag(tag: str, value: str, package: str = name, entry: Completion = entry) -> Tag:
            return Tag(tag, value, package=package, guard=guard(entry.when), origin=entry.origin)

        yield Contribution(
            KIND.key,
            package=name,
            guard=under,
            subpackages=(
                Subpackage(
                    name,
                    summary=f"{shell.title} completion for {facts.name}",
                    description=f"Completes the commands and options of {facts.name} in {shell.title}.",
                    group="System/Shells",
                    arch="noarch",
                    guard=under,
                    because=entry.because,
                    origin=origin,
                ),
            ),
            tags=(
                tag("BuildRequires", shell.package, package=""),
                tag("Requires", f"%{{name}} = {facts.version}"),
                tag("Requires", shell.package),
                tag("Supplements", f"packageand(%{{name}}:{shell.package})"),
            ),
            files=(
                File(
                    path,
                    name,
                    install=f"install -D -m0644 {entry.source} %{{buildroot}}{path}",
                    guard=under,
                    origin=origin,
                ),
            ),
            origin=origin,
        )


def check(entries: dict[Literal["bash", "zsh", "fish"], Completion], facts: Facts) -> Iterator[Problem]:
    """The source of each is a file."""
    for key, entry in entries.items():
        if entry.source.endswith("/"):
            message = f"completions.{key}: {entry.source} names a folder, not a file"
            yield Problem(message, origin_of(entry.source), "name the file in it")


KIND = Kind("completions", dict[Literal["bash", "zsh", "fish"], Completion], expand, order=90, check=check)
