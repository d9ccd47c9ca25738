"""The kind `sysconfig`: variables in /etc/sysconfig, filled up by `%fillup_only`.

Source of the form: rpm-config-SUSE `suse/macros` (fillup macros), yast-sysconfig `doc/metadata.txt` (metadata).
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar

from generator.components.contribution import Contribution, Define, File, Source, Tag, guard
from generator.components.entry import ConditionalEntry, Entry, Name, Plain, Shape, SourceNumber
from generator.components.facts import Facts
from generator.components.kind import Kind
from generator.errors import InputError, Problem
from generator.origin import Origin, origin_of

FALLBACK = "/var/adm/fillup-templates"
"""Where templates lie on distributions without `%_fillupdir` (SLE 12)."""


FileKey = Annotated[str, Shape(r"[A-Za-z0-9][\w.-]*", "the name of a file in /etc/sysconfig")]
VariableName = Annotated[str, Shape(r"[A-Za-z_]\w*", "a variable's name: letters, digits and _")]
ValueType = Annotated[
    str,
    Shape(
        r"(?:string|integer)(?:\(.*\))?|(?:list|regexp)\(.+\)|boolean|yesno|ip|ip4|ip6",
        "a type: string[(…)], list(…), integer[(MIN:MAX)], boolean, yesno, ip, ip4, ip6 or regexp(…)",
        plain=True,
    ),
]
MenuPath = Annotated[
    str,
    Shape(
        r"(?:Hardware|System|Desktop|Applications|Network|Other)(?:/[^/\n]+)*",
        "a path in YaST's editor: it begins with Hardware, System, Desktop, Applications, Network or Other",
        plain=True,
    ),
]


class Variable(Entry, frozen=True, kw_only=True):
    """One variable with its metadata."""

    identity: ClassVar[str] = "name"

    name: VariableName
    description: Plain
    type: ValueType = "string"
    default: Plain = ""
    path: MenuPath = ""
    restart: Plain = ""
    reload: Plain = ""
    command: Plain = ""


class Sysconfig(ConditionalEntry, frozen=True, kw_only=True):
    """The template of one file in /etc/sysconfig, named by its key."""

    variables: list[Variable]
    path: MenuPath = "System/Management"
    source: SourceNumber | None = None
    package: Name = ""


def expand(files: dict[FileKey, Sysconfig], facts: Facts) -> Iterable[Contribution]:
    """One contribution per template: source, fallback directory, prerequisites, installation, %post and %files."""
    for name, entry in files.items():
        under = guard(entry.when)
        origin, package = entry.origin, entry.package
        template = f"sysconfig.{name}"
        yield Contribution(
            kind=KIND.key,
            scope={"name": name, "entry": entry},
            package=package,
            guard=under,
            origin=origin,
            sources=(
                Source(
                    template,
                    number=entry.source,
                    template="file",
                    because=entry.because,
                    origin=origin,
                ),
            ),
            defines=(Define("_fillupdir", FALLBACK, fallback=True, origin=origin),),
            tags=(Tag("Requires", "%fillup_prereq", "post", package=package, guard=under, origin=origin),),
            files=(
                File(
                    f"%{{_fillupdir}}/{template}",
                    package=package,
                    install=f"install -D -m0644 %{{SOURCE:{template}}} %{{buildroot}}%{{_fillupdir}}/{template}",
                    guard=under,
                    origin=origin,
                ),
            ),
        )


def check(files: dict[FileKey, Sysconfig], facts: Facts) -> Iterator[Problem]:
    """There are variables, every one once, of a type that there is, with metadata that end where they end."""
    for name, entry in files.items():
        what = f"sysconfig.{name}"
        if not entry.variables:
            yield Problem(f"{what} has no variables", entry.origin, "name one, or leave it out")
        if entry.path.rstrip().endswith("\\"):
            yield _goes_on(what, "path", entry.path, entry.origin)
        seen: set[str] = set()
        for variable in entry.variables:
            if variable.name in seen:
                yield Problem(f"{what}: {variable.name} is there already", variable.origin, "remove one")
            seen.add(variable.name)
            for field in ("path", "description", "type", "restart", "reload", "command"):
                value: str = getattr(variable, field)
                if value.rstrip().endswith("\\"):
                    yield _goes_on(f"{what}: {variable.name}", field, value, variable.origin)
            if variable.type != "string":
                yield from _wrong_type(what, variable)


def _goes_on(what: str, field: str, value: str, origin: Origin | None) -> Problem:
    message = f"{what}: its {field} ends in a backslash, which would join it with the next line"
    return Problem(message, origin_of(value) or origin, "write it otherwise")


def _wrong_type(what: str, variable: Variable) -> Iterator[Problem]:
    from generator.sources.settingtype import SettingType

    try:
        SettingType.parse(variable.type)
    except InputError as error:
        (problem, *_) = error.problems
        yield Problem(f"{what}: {problem.message}", origin_of(variable.type) or variable.origin, problem.hint)


KIND = Kind("sysconfig", dict[FileKey, Sysconfig], expand, order=50, check=check)
