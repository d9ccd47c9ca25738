"""The files of the package directory: declared and present, in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from generator.check.case import Case
from generator.check.rule import Hit, rule

_VALIDATOR = "source_validator (obs-service-source_validator)"
_PRESENT = f"{_VALIDATOR}, 20-files-present-and-referenced"
_BOT = "Factory's bot (openSUSE-release-tools, check_source.pl)"

# What OBS, osc and their services use by themselves, so that no spec has to name it.
_OWN_USE = (
    *("_*", ".*", "*.spec", "*.changes", "*.spec.in", "*.changes.in", "*.dsc", "*.obscpio", "*.obsinfo", "*.lsm"),
    *("*.test", "*.orig", "*~", "debian.*", "MD5SUMS", "MD5SUMS.meta", "Makefile", "README.autobuild", "PKGBUILD"),
    *("appimage.yml", "pre_checkin.sh", "prepare-build.sh", "ready", "minmem", "needed_space_in_mb", "newestfile"),
)
_ARCHIVE = (".tar.", ".tgz", ".tbz", ".txz", ".zip", ".cpio", ".tar")


@rule(
    "source-missing",
    "error",
    reason="A declared file that is not there stops the build before it starts.",
    source=_PRESENT,
    example="Source1: docker.socket, and no such file",
)
def source_missing(case: Case) -> Iterator[Hit]:
    """A declared file that is neither present nor external."""
    files = case.sources.files
    external = {entry.name for entry in case.sources.externals}
    for (spec, name), (source, targets) in case.declared.items():
        if name in files or name in external:
            continue
        # A service makes the archive from what is committed, or fetches it where the package is built.
        if f"{name.partition('.tar')[0]}.obscpio" in files:
            continue
        made = "_service" in files
        yield Hit(
            f"{name} mentioned in spec file does not exist" + (", a service may make it" if made else ""),
            spec,
            case.spec(spec).tag_line(("patch" if source.patch else "source",), source.location or name, source.number),
            targets,
            "add it, or say in the definition or in .specgen.yaml that it is external",
            severity="note" if made else None,
        )


@rule(
    "source-external",
    "note",
    reason="What is not here cannot be checked; submitting keeps the server's bytes.",
    source="specgen",
    example="an archive that the definition declares",
)
def source_external(case: Case) -> Iterator[Hit]:
    """An external file: one note each."""
    declared = {name: spec for spec, name in case.declared}
    for entry in case.sources.externals:
        if entry.name not in case.sources.files:
            spec = declared.get(entry.name, case.sources.spec.name)
            yield Hit(
                f"{entry.name} is not here",
                spec,
                case.spec(spec).tag_line((), entry.name),
                hint="--sources DIR supplies it",
            )


@rule(
    "source-unreferenced",
    "error",
    reason="A file that no spec names is not in the source package; the bot declines it.",
    source=_PRESENT,
    example="docker.socket in the directory, and no Source names it",
)
def source_unreferenced(case: Case) -> Iterator[Hit]:
    """A file of the directory that no spec declares."""
    declared = {name for _, name in case.declared}
    for name in case.sources.files:
        if name in declared or any(fnmatchcase(name, pattern) for pattern in _OWN_USE):
            continue
        # Tags under a condition that no target meets, and files that are read with %include or %{load:…}.
        if any(name in case.sources.files[spec].text or case.spec(spec).may_declare(name) for spec in case.specs):
            continue
        yield Hit(
            f'Attention, "{name}" is not mentioned in spec files as source or patch.',
            name,
            1,
            hint="declare it with a Source tag, or remove it",
            severity=None if case.sources.defined else "warning",
        )


@rule(
    "source-number-duplicate",
    "error",
    reason="rpm refuses two files with one number, and does not say on which line.",
    source="librpm",
    example="Patch3: a.patch, then Patch3: b.patch",
)
def duplicate_number(case: Case) -> Iterator[Hit]:
    """Two Source or Patch tags with one number, of which no condition takes only one."""
    for spec in case.specs:
        failed = frozenset(reading.target for reading in case.readings_of(spec) if reading.error)
        seen: dict[tuple[str, int], list[tuple[int, tuple[tuple[int, int], ...]]]] = {}
        for tag in case.spec(spec).tags:
            if tag.place is None:
                continue
            branches = case.spec(spec).branches(tag.line)
            for line, others in seen.setdefault((tag.key, tag.place), []):
                if case.spec(spec).exclusive(branches, others) or ((branches or others) and not failed):
                    continue
                yield Hit(
                    f"{tag.key.capitalize()}{tag.place} is declared twice, on line {line} too",
                    spec,
                    tag.line,
                    failed,
                    "give it a number of its own",
                )
                break
            seen[tag.key, tag.place].append((tag.line, branches))


@rule(
    "patch-empty",
    "error",
    reason="An empty patch changes nothing, and patch stops at it.",
    source=_PRESENT,
    example="a patch of 0 bytes",
)
def patch_empty(case: Case) -> Iterator[Hit]:
    """A patch file without content."""
    for name, file in case.sources.files.items():
        if not file.content and name.endswith((".patch", ".diff", ".dif")):
            yield Hit(f"Patch file {name} is zero bytes long, remove empty patch?", name, 1)


@rule(
    "keyring-many",
    "error",
    reason="The signature check knows one keyring, named after the package.",
    source=f"{_VALIDATOR}, 25-keyring-validate",
    example="docker.keyring and moby.keyring",
)
def keyring(case: Case) -> Iterator[Hit]:
    """More than one keyring."""
    found = sorted(name for name in case.sources.files if name.endswith(".keyring"))
    for name in found if len(found) > 1 else ():
        if name != f"{case.sources.name}.keyring":
            yield Hit(f"expecting one keyring named '{case.sources.name}.keyring'", name, 1)


@rule(
    "service-generated-file",
    "error",
    reason="OBS makes these files itself; committed ones hide what it would make.",
    source=_BOT,
    example="_service:tar_scm:docker-27.4.1.tar",
)
def service_generated(case: Case) -> Iterator[Hit]:
    """A file that a service on the server made."""
    for name in case.sources.files:
        if name.startswith("_service:"):
            yield Hit(f"Found _service generated file {name} in checkout. Please clean this up first.", name, 1)


@rule(
    "archive-doubled",
    "error",
    reason="The archive is made from the .obscpio when the package is built; two of them drift apart.",
    source="openSUSE-packaging-skill",
    example="docker-27.4.1.obscpio beside docker-27.4.1.tar.xz",
)
def archive_doubled(case: Case) -> Iterator[Hit]:
    """An .obscpio and the archive that is made from it."""
    for name in case.sources.files:
        stem = name.removesuffix(".obscpio")
        if stem != name:
            for other in case.sources.files:
                if other.startswith(stem) and other[len(stem) :].startswith(_ARCHIVE):
                    yield Hit(f"both {name} and {other} are here", other, 1, hint="commit one of them")


@rule(
    "package-name",
    "error",
    reason="The bot finds a package by its name: directory, spec, .changes and Name are one.",
    source=_BOT,
    example="docker.spec with Name: docker-ce",
)
def package_name(case: Case) -> Iterator[Hit]:
    """A package whose main spec, .changes or Name is called otherwise."""
    package = case.sources.name
    spec = case.sources.spec.name
    if f"{package}.spec" not in case.sources.files:
        yield Hit(
            f"{package}.spec is missing. A package submitted as {package} needs to have a {package}.spec file.",
            spec,
            1,
            severity="warning",
        )
        return
    if f"{package}.changes" not in case.sources.files:
        yield Hit(
            f"{package}.changes is missing. A package submitted as {package} needs to have a {package}.changes file "
            "with a format created by `osc vc`.",
            spec,
            1,
            severity=None if case.sources.defined else "warning",
        )
    wrong: dict[str, set[str]] = {}
    for reading in case.shipped:
        if reading.spec == spec and not reading.flavour and reading.name and reading.name != package:
            wrong.setdefault(reading.name, set()).add(reading.target)
    for name, targets in wrong.items():
        yield Hit(
            f"A package submitted as {package} has to build as 'Name: {package}' - found Name '{name}'",
            spec,
            case.spec(spec).tag_line(("name",), name),
            frozenset(targets),
        )
