"""Sysconfig templates: what their metadata promise holds, and fillup gets to work on them."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from generator.check.case import Case
from generator.check.expect import paths
from generator.check.rule import Hit, rule
from generator.errors import InputError
from generator.reading import PackageReading
from generator.sources.sysconfig import KEYS, TOP_PATHS, Template, Variable, type_of

_METADATA = "yast-sysconfig, doc/metadata.txt"
_FILLUP = "rpm-config-SUSE, suse/macros"
_WANTED = ("Path", "Description", "Type", "Default")
_ACTIONS = ("ServiceRestart", "ServiceReload", "Config", "Command")


def _templates(case: Case) -> Iterator[Template]:
    for name, file in case.sources.files.items():
        if name.startswith("sysconfig.") or name.endswith(".sysconfig"):
            yield Template.parse(name, file.content)


def _line(variable: Variable, key: str) -> int:
    return variable.effective[key].line if key in variable.effective else variable.line


@rule(
    "sysconfig-default",
    "error",
    reason="The administrator's editor refuses the value that the package itself brings.",
    source=_METADATA,
    example='## Type: yesno, then DEMO_START="maybe"',
)
def default(case: Case) -> Iterator[Hit]:
    """A default, or the value that a template assigns, that is not of the variable's type."""
    for template in _templates(case):
        for variable in template.variables:
            try:
                kind = type_of(variable)
            except InputError as error:
                problem = error.problems[0]
                message = f"{variable.name}: {problem.message}"
                yield Hit(message, template.name, _line(variable, "Type"), hint=problem.hint)
                continue
            stated = variable.default
            if stated is not None and (wrong := kind.problem(stated)):
                yield Hit(f"{variable.name}: the default {wrong}", template.name, _line(variable, "Default"))
            # A value that is left empty is no choice yet.
            if variable.value and variable.value != stated and (wrong := kind.problem(variable.value)):
                yield Hit(f"{variable.name}: the value {wrong}", template.name, variable.line)


@rule(
    "sysconfig-metadata",
    "warning",
    reason="The administrator's editor shows a variable where its Path says, and acts as its metadata say.",
    source=_METADATA,
    example="## Servicerestart: docker",
)
def metadata(case: Case) -> Iterator[Hit]:
    """Metadata that are unknown or missing. A template without any is somebody's choice."""
    for template in _templates(case):
        for variable in template.variables:
            for datum in variable.own:
                if datum.key not in KEYS:
                    near = get_close_matches(datum.key, KEYS, 1)
                    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(KEYS)}"
                    yield Hit(f"## {datum.key} is no metadata", template.name, datum.line, hint=hint)
                elif datum.key == "Path" and datum.value.partition("/")[0] not in TOP_PATHS:
                    what = f"the path {datum.value} begins with none of" if datum.value else "the path is none of"
                    message = f"{what} {', '.join(TOP_PATHS)}"
                    yield Hit(message, template.name, datum.line)
            missing = [key for key in _WANTED if key not in variable.effective]
            if variable.own and missing:
                message = f"{variable.name} has no {', '.join(missing)}"
                yield Hit(message, template.name, variable.line, severity=None if case.sources.defined else "note")


@rule(
    "sysconfig-without-restart",
    "warning",
    reason="A changed value has no effect until the service that reads it is restarted.",
    source=_METADATA,
    example="EnvironmentFile=/etc/sysconfig/docker in docker.service, and no ServiceRestart in sysconfig.docker",
)
def restart(case: Case) -> Iterator[Hit]:
    """A template that a unit reads, in which a variable with metadata names nothing to be done."""
    for template in _templates(case):
        name = template.name.removeprefix("sysconfig.").removesuffix(".sysconfig")
        reader = next(
            (
                unit
                for unit, file in case.sources.files.items()
                if unit.endswith(".service")
                and any(line.rstrip('"').endswith(f"/etc/sysconfig/{name}") for line in file.lines)
            ),
            None,
        )
        for variable in template.variables if reader else ():
            if variable.own and not any(key in variable.effective for key in _ACTIONS):
                message = f"{reader} reads {variable.name}, and nothing restarts it"
                hint = f"add ## ServiceRestart: {str(reader).removesuffix('.service')}"
                yield Hit(message, template.name, variable.line, hint=hint)


@rule(
    "sysconfig-shipped",
    "error",
    reason="fillup merges new variables into /etc/sysconfig; a shipped file overwrites or shadows what is there.",
    source="openSUSE wiki, Packaging guidelines: Sysconfig",
    example="%config(noreplace) /etc/sysconfig/docker in %files",
)
def shipped(case: Case) -> Iterator[Hit]:
    """A file of /etc/sysconfig in %files. Folders below it belong to other programs."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for reading in case.good:
        for package in reading.packages:
            for entry in package.files:
                if "/etc/sysconfig/" not in entry or "%ghost" in entry or "%dir" in entry:
                    continue
                for word in entry.split():
                    name = word.removeprefix("/etc/sysconfig/")
                    if name != word and name and "/" not in name:
                        found.setdefault((reading.spec, package.name, word), set()).add(reading.target)
    for (spec, package_name, path), targets in found.items():
        yield Hit(
            f"{package_name} ships {path}",
            spec,
            case.spec(spec).files_line(path.rpartition("/")[2]),
            frozenset(targets),
            "install the template to %{_fillupdir}, and call %fillup_only",
        )


def _filled(case: Case, package: PackageReading, name: str) -> str:
    """What is missing for the template of /etc/sysconfig/`name`; empty where nothing is."""
    post = package.scriptlets.get("post")
    words = case.words(post.text) if post else frozenset()
    # `-n NAME`, or with -s `-n SERVICE NAME` for sysconfig.SERVICE-NAME
    named = name == package.name or name in words or all(part in words for part in name.split("-"))
    if not post or "fillup" not in post.text or not named:
        return "%post does not call %fillup_only for it"
    # PreReq and Requires(pre) of old specs serve as well.
    if any("fillup" in dependency.text for dependency in package.dependencies.get("requires", ())):
        return ""
    return "fillup is not required for %post"


@rule(
    "sysconfig-without-fillup",
    "warning",
    reason="A template that fillup does not see never becomes a file in /etc/sysconfig.",
    source=_FILLUP,
    example="%{_fillupdir}/sysconfig.docker in %files, and no %fillup_only -n docker",
)
def fillup(case: Case) -> Iterator[Hit]:
    """A shipped template without %fillup_only, or without its requirement."""
    found: dict[tuple[str, str, str, str], set[str]] = {}
    for reading in case.good:
        for package in reading.packages:
            for path in paths(package):
                folder, _, name = path.rpartition("/sysconfig.")
                if folder.endswith("/fillup-templates") and (missing := _filled(case, package, name)):
                    found.setdefault((reading.spec, package.name, name, missing), set()).add(reading.target)
    for (spec, package_name, name, missing), targets in found.items():
        yield Hit(
            f"{package_name} ships sysconfig.{name}, but {missing}",
            spec,
            case.spec(spec).files_line(f"sysconfig.{name}"),
            frozenset(targets),
            "Requires(post): %fillup_prereq, and %fillup_only -n NAME in %post",
        )
