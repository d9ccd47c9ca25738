"""The definition of a package: what a maintainer writes, typed. Components add their own keys (`components.kind`)."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from generator.components.entry import (
    ConditionalEntry,
    Dependency,
    Entry,
    FileName,
    Items,
    Limits,
    Mode,
    Name,
    Path,
    Plain,
    Prose,
    Shape,
    SourceNumber,
    Word,
    installed_path,
)
from generator.condition import Condition, Constant
from generator.errors import InputError
from generator.origin import Origin

MacroName = Annotated[str, Shape(r"[A-Za-z_]\w{2,}", "a macro's name: three or more letters, digits and _")]
ConditionName = Annotated[
    str,
    Shape(
        r"(?!(?:and|or|not|defined|with|option|arch|always|never)$)[A-Za-z_]\w*",
        "a condition's name: letters, digits and _, and no word of the language",
    ),
]
FeatureName = Annotated[str, Shape(r"[A-Za-z_]\w*", "a feature's name: letters, digits and _")]

DEPENDENCIES = {
    "build-requires": "BuildRequires",
    "requires": "Requires",
    "recommends": "Recommends",
    "suggests": "Suggests",
    "supplements": "Supplements",
    "enhances": "Enhances",
    "provides": "Provides",
    "obsoletes": "Obsoletes",
    "conflicts": "Conflicts",
}
"""The keys that hold dependencies, and their tags, in the order of a spec."""


class Macro(ConditionalEntry, frozen=True, kw_only=True):
    """A macro of the spec's own, as macro text."""

    shorthand: ClassVar[str] = "value"

    value: str


class Feature(Entry, frozen=True, kw_only=True):
    """A `%bcond`: on by default where the condition holds; `always` and `never` are conditions too."""

    shorthand: ClassVar[str] = "on"

    on: str = "always"
    because: Prose = ""


Choice = Annotated[str, Shape(r"[A-Za-z0-9_][\w.+-]*", "a word")]


class Option(Entry, frozen=True, kw_only=True):
    """A choice that is made when the definition is rendered (`--set NAME=CHOICE`)."""

    choices: list[Choice]
    default: Choice
    because: Prose = ""


class Patch(Entry, frozen=True, kw_only=True):
    """A patch of a tree, in the order in which it is applied.

    It is declared always and applied under `when`, unless an option rules it out altogether. `because` stands over
    its tag, `applied` over its %patch line. With `template` it is rendered for the tree at hand, from the patch
    template of that name.
    """

    identity: ClassVar[str] = "number"

    file: FileName
    number: SourceNumber
    strip: Annotated[int, Limits(0, 20)] = 1
    when: Condition | None = None
    because: Prose = ""
    applied: Prose = ""
    external: bool = True
    template: Annotated[str, Shape(r"[a-z0-9][a-z0-9.-]*", "the name of a patch template")] = ""


class Checkout(Entry, frozen=True, kw_only=True):
    """Where the archive of a tree comes from: a git repository, for the service tar_scm.

    `version` is the versionformat, by default the version in the archive's name, `revision` the tag or commit; both are
    macro text of the definition's own macros.
    """

    url: str
    revision: str
    version: str = ""


class Tree(ConditionalEntry, frozen=True, kw_only=True):
    """An upstream source tree: its archive and the patches for it.

    Trees are unpacked in the order of the definition; the last is where %build begins. `source` is the archive's
    number, `folder` what it unpacks to, `macro` names a macro for the path of that folder; `package` is the
    subpackage in which the archive is declared.
    """

    archive: Word
    source: SourceNumber = 0
    folder: Annotated[str, Shape(r"\S*", "a folder's name without blanks")] = ""
    macro: MacroName = ""
    package: Name = ""
    checkout: Checkout | None = None
    patches: list[Patch] = []

    @property
    def used(self) -> tuple[Patch, ...]:
        """The patches that the options leave."""
        return tuple(patch for patch in self.patches if patch.when != Constant(False))

    @property
    def directory(self) -> str:
        """The folder that the archive unpacks to, as macro text."""
        if self.folder:
            return self.folder
        name = self.archive.rpartition("/")[2]
        for ending in (".obscpio", ".zip", ".tgz"):
            name = name.removesuffix(ending)
        return name.partition(".tar")[0] if ".tar" in name else name


class Extra(Entry, frozen=True, kw_only=True):
    """A source that belongs to no component."""

    shorthand: ClassVar[str] = "file"

    file: FileName
    external: bool = False
    because: Prose = ""


Attributes = Annotated[
    str,
    Shape(
        r"(?: ?%(?:artifact|attr|caps|config|dir|doc|ghost|lang|license|missingok|readme|verify)(?:\([^()]*\))?)*",
        "what %files knows before a path, such as %ghost or %attr(0750,root,root)",
    ),
]


PROGRAMS = ("%{_bindir}/", "%{_sbindir}/", "%{_libexecdir}/")
"""Where programs lie."""


class InstalledFile(Entry, frozen=True, kw_only=True):
    """A file of a binary package, at `path` (macro text); with `source` it is installed from there.

    `attributes` stand before the path in %files (`%ghost`, `%dir`, `%attr(…)`). A path that ends in `/` takes the name
    of the source; without a mode, programs get 0755 and others 0644.
    """

    shorthand: ClassVar[str] = "path"
    identity: ClassVar[str] = "path"

    path: Path
    source: str = ""
    mode: Mode = ""
    attributes: Attributes = ""
    because: Prose = ""

    @property
    def installed_path(self) -> str:
        """The whole path."""
        return installed_path(self.path, self.source)

    @property
    def permissions(self) -> str:
        """The mode that it is installed with."""
        return self.mode or ("0755" if self.path.startswith(PROGRAMS) else "0644")


class Relations(Entry, frozen=True, kw_only=True):
    """What the main package and every subpackage have."""

    summary: Prose
    description: Prose
    license: str = ""
    group: str = ""
    url: str = ""
    version: str = ""
    requires: Items[Dependency] = Items()
    recommends: Items[Dependency] = Items()
    suggests: Items[Dependency] = Items()
    supplements: Items[Dependency] = Items()
    enhances: Items[Dependency] = Items()
    provides: Items[Dependency] = Items()
    obsoletes: Items[Dependency] = Items()
    conflicts: Items[Dependency] = Items()
    files: Items[InstalledFile] = Items()


class Package(Relations, frozen=True, kw_only=True):
    """A subpackage, named by its key; without a group it has that of the main package."""

    arch: Literal["", "noarch"] = ""
    when: Condition | None = None
    because: Prose = ""


class Services(Entry, frozen=True, kw_only=True):
    """How `_service` is written: the mode of every service, and the compression of the archives."""

    mode: Literal["manual", "buildtime", "localonly", "disabled"] = "manual"
    compression: Literal["xz", "gz", "zst", "bz2"] = "xz"


class Expect(Entry, frozen=True, kw_only=True):
    """A unit test of packaging; see `sources.Expectation` for what a fact can be.

    `only`: the fact holds where `on` does, and nowhere else.
    """

    on: Condition | None = None
    present: str = ""
    absent: str = ""
    only: str = ""
    because: Prose = ""


class Waive(Entry, frozen=True, kw_only=True):
    """A rule that does not apply to this package, with the reason."""

    identity: ClassVar[str] = "rule"

    rule: Word
    reason: Prose
    match: Plain = ""


class Head(Relations, frozen=True, kw_only=True):
    """The keys of a definition that are not components."""

    name: Name
    license: str
    version: str
    extends: Name = ""
    copyright: Plain = "SUSE LLC and contributors"
    patches_because: Prose = ""
    targets: list[Name]
    macros: dict[MacroName, Macro] = {}
    conditions: dict[ConditionName, Plain] = {}
    features: dict[FeatureName, Feature] = {}
    options: dict[Choice, Option] = {}
    trees: dict[Name, Tree]
    sources: dict[SourceNumber, Extra] = {}
    service: Services | None = None
    build_requires: Items[Dependency] = Items()
    exclude_arch: list[Word] = []
    exclusive_arch: list[Word] = []
    packages: dict[Name, Package] = {}
    expect: list[Expect] = []
    waive: list[Waive] = []
    facts: dict[Plain, Any] = {}


class SourceText(msgspec.Struct, frozen=True):
    """A file of the definition's folder, or of that of the definition which it extends: `path` is for messages."""

    path: str
    content: bytes

    @property
    def text(self) -> str:
        """The content as text.

        Raises:
            InputError: it is not UTF-8.
        """
        try:
            return self.content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = self.content.count(b"\n", 0, error.start) + 1
            origin = Origin(PurePosixPath(self.path), line)
            raise InputError("this is not UTF-8", origin, "save the file as UTF-8") from None


class Definition(msgspec.Struct, frozen=True):
    """A definition as loaded: the typed keys, the components, the decided conditions, and the folder's files."""

    head: Head
    components: Mapping[str, Any]
    features: Mapping[str, Condition]  # when each feature is on by default
    options: Mapping[str, str]
    files: Mapping[str, SourceText] = {}
