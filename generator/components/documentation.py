"""The kind `documentation`: `%doc` and `%license` files, texts of our own, and manual pages."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from generator.components.contribution import Contribution, File, Source
from generator.components.entry import Entry, FileName, Name, Prose, Shape, SourceNumber, Word
from generator.components.facts import Facts
from generator.components.kind import Kind
from generator.origin import origin_of


class Own(Entry, frozen=True, kw_only=True):
    """A text of ours: a source that is copied into the tree `tree` before its patches are applied."""

    source: SourceNumber | None = None
    tree: Name = ""
    because: Prose = ""


Page = Annotated[str, Shape(r"[^\s/]+\.\d\w*", "a manual page with its section, such as docker.1")]
"""What follows the digit (`Sample.3pm`) is part of the section's name, but not of its folder's."""


class Manuals(Entry, frozen=True, kw_only=True):
    """Manual pages: `source` is the folder with man1, man5 …, `pages` are names or patterns with their section."""

    source: Word
    pages: list[Page]


class Documentation(Entry, frozen=True, kw_only=True):
    """The documentation of the main package; names in `doc` and `license` are files of the last unpacked tree."""

    identity: ClassVar[str] = ""

    doc: list[Word] = []
    own: dict[FileName, Own] = {}
    license: list[Word] = []
    manuals: Manuals | None = None


def expand(entry: Documentation, facts: Facts) -> Iterable[Contribution]:
    """One contribution for what upstream brings, one per text of ours."""
    files = [
        File(" ".join(names), attributes=attribute, origin=origin_of(names[0]) or entry.origin)
        for attribute, names in (("%doc", [*entry.doc, *entry.own]), ("%license", entry.license))
        if names
    ]
    if entry.manuals:
        source = entry.manuals.source
        for page in entry.manuals.pages:
            folder = f"man{page.rpartition('.')[2][0]}"
            files.append(
                File(
                    f"%{{_mandir}}/{folder}/{page}%{{ext_man}}",
                    install=f"install -D -p -m0644 -t %{{buildroot}}%{{_mandir}}/{folder} {source}/{folder}/{page}",
                    origin=origin_of(page) or entry.manuals.origin,
                )
            )
    yield Contribution(KIND.key, files=tuple(files), origin=entry.origin)
    for name, own in entry.own.items():
        yield Contribution(
            KIND.key,
            scope={"copied": name},
            tree=own.tree,
            sources=(Source(name, own.source, because=own.because, origin=own.origin),),
            origin=own.origin,
        )


KIND = Kind("documentation", Documentation, expand, order=80)
