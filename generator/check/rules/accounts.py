"""Accounts: a sysusers.d file makes them before the files are there that belong to them."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.case import Case
from generator.check.expect import paths
from generator.check.rule import Hit, rule
from generator.reading import PackageReading

_MAKING = ("useradd", "groupadd", "systemd-sysusers", "sysusers", "generate-sysusers")
_SOURCE = "openSUSE wiki, Systemd sysusers; rpm from 4.19 takes sysusers.d by itself"


def _sysusers(package: PackageReading) -> Iterator[str]:
    for path in paths(package):
        folder, _, name = path.rpartition("/")
        if folder == "/usr/lib/sysusers.d" and name.endswith(".conf"):
            yield name


@rule(
    "sysusers-without-pre",
    "error",
    reason="Where rpm does not read sysusers.d, files are unpacked before their owner exists, and belong to root.",
    source=_SOURCE,
    example="%{_sysusersdir}/docker.conf in %files, and no %pre -f docker.pre",
)
def sysusers_without_pre(case: Case) -> Iterator[Hit]:
    """A sysusers.d file without a %pre that makes its accounts."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for reading in case.good:
        if "native-sysusers" in case.view.targets[reading.target].capabilities:
            continue
        for package in reading.packages:
            if any(
                (kind == "pre" and scriptlet.file) or any(word in scriptlet.text for word in _MAKING)
                for kind, scriptlet in package.scriptlets.items()
                if kind in ("pre", "post")
            ):
                continue
            for name in _sysusers(package):
                found.setdefault((reading.spec, package.name, name), set()).add(reading.target)
    for (spec, package_name, name), targets in found.items():
        yield Hit(
            f"{package_name} installs sysusers.d/{name}, and no scriptlet makes its accounts",
            spec,
            case.spec(spec).files_line(name),
            frozenset(targets),
            "%sysusers_generate_pre in %build, and %pre -f with its result",
        )


@rule(
    "sysusers-without-requires",
    "warning",
    reason="%pre runs before anything that is not Requires(pre) is installed.",
    source=_SOURCE,
    example="%pre -f docker.pre without %?sysusers_requires",
)
def sysusers_without_requires(case: Case) -> Iterator[Hit]:
    """A package that makes accounts in %pre without requiring what makes them."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for reading in case.good:
        if "native-sysusers" in case.view.targets[reading.target].capabilities:
            continue
        for package in reading.packages:
            if "pre" not in package.scriptlets:
                continue
            for name in _sysusers(package):
                requires = package.dependencies.get("requires", ())
                if not any("pre" in dependency.when for dependency in requires):
                    found.setdefault((reading.spec, package.name, name), set()).add(reading.target)
    for (spec, package_name, name), targets in found.items():
        yield Hit(
            f"{package_name} makes accounts in %pre and requires nothing for it",
            spec,
            case.spec(spec).files_line(name),
            frozenset(targets),
            "add %?sysusers_requires",
        )
