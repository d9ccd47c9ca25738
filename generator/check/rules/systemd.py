"""Units: each is handled by the scriptlets of its package, and finds the files that it names."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.case import Case
from generator.check.expect import paths
from generator.check.rule import Hit, rule
from generator.reading import PackageReading, ScriptletName

_WIKI = "openSUSE wiki, Systemd packaging guidelines"
_UNITS = (".service", ".socket", ".timer", ".path", ".target")
MACROS: dict[ScriptletName, str] = {
    "pre": "service_add_pre",
    "post": "service_add_post",
    "preun": "service_del_preun",
    "postun": "service_del_postun",
}


def units(package: PackageReading) -> Iterator[str]:
    """The units that a package installs for the system. Templates and drop-ins need no macro."""
    for path in paths(package):
        folder, _, name = path.rpartition("/")
        if folder in ("/usr/lib/systemd/system", "/lib/systemd/system") and name.endswith(_UNITS) and "@" not in name:
            yield name


@rule(
    "unit-without-macro",
    "warning",
    reason="Without the service macros a unit gets no preset, is not stopped on removal and not restarted on update.",
    source=f"{_WIKI}; rpmlint systemd-service-without-service_add_pre, -service_add_post, -del_preun, -del_postun",
    example="docker.socket in %files, and %service_add_post docker.service",
)
def unit_without_macro(case: Case) -> Iterator[Hit]:
    """An installed unit that a scriptlet does not name."""
    found: dict[tuple[str, str, str, tuple[str, ...]], set[str]] = {}
    for reading in case.good:
        for package in reading.packages:
            named = {kind: case.words(scriptlet.text) for kind, scriptlet in package.scriptlets.items()}
            for unit in units(package):
                missing = tuple(macro for kind, macro in MACROS.items() if unit not in named.get(kind, ()))
                if missing:
                    found.setdefault((reading.spec, package.name, unit, missing), set()).add(reading.target)
    for (spec, package_name, unit, missing), targets in found.items():
        macros = ", ".join(f"%{macro}" for macro in missing)
        which = "no service macro" if len(missing) == len(MACROS) else macros
        yield Hit(
            f"{package_name} installs {unit}, " + (f"and {which} names it" if "no " in which else f"not in {which}"),
            spec,
            case.spec(spec).files_line(unit),
            frozenset(targets),
            f"call {macros} with all units of the package",
        )


@rule(
    "service-macro-repeated",
    "error",
    reason="Each service macro keeps a state for all units of the package; a second call works on half of it.",
    source=_WIKI,
    example="%service_add_post docker.service, then %service_add_post docker.socket",
)
def macro_repeated(case: Case) -> Iterator[Hit]:
    """A service macro that is called twice in a scriptlet, or in the wrong one."""
    for spec in case.specs:
        seen: dict[tuple[str, str, str], tuple[int, tuple[tuple[int, int], ...]]] = {}
        for call in case.spec(spec).calls(*MACROS.values()):
            wanted = next(kind for kind, macro in MACROS.items() if macro == call.macro)
            if call.section in MACROS and call.section != wanted:
                yield Hit(f"%{call.macro} stands in %{call.section}", spec, call.line, hint=f"move it to %{wanted}")
            key = (call.section, call.package, call.macro)
            branches = case.spec(spec).branches(call.line)
            if key in seen and not case.spec(spec).exclusive(branches, seen[key][1]):
                yield Hit(
                    f"%{call.macro} is called on line {seen[key][0]} too",
                    spec,
                    call.line,
                    hint="call it once, with all units",
                )
            seen.setdefault(key, (call.line, branches))


@rule(
    "environment-file-missing",
    "error",
    reason="systemd does not start a unit whose EnvironmentFile is not there.",
    source="systemd.exec(5); fillup makes /etc/sysconfig/NAME from the template sysconfig.NAME",
    example="EnvironmentFile=/etc/sysconfig/docker, and no sysconfig.docker among the templates",
)
def environment_file(case: Case) -> Iterator[Hit]:
    """A unit that reads a sysconfig file which no package of this spec makes."""
    if not case.good:
        return
    for name, file in case.sources.files.items():
        if not name.endswith(".service"):
            continue
        for number, line in enumerate(file.lines, 1):
            key, _, value = line.partition("=")
            wanted = value.strip().lstrip("-").strip('"')
            if key.strip() != "EnvironmentFile" or not wanted.startswith("/etc/sysconfig/"):
                continue
            variable = wanted.removeprefix("/etc/sysconfig/")
            targets = {
                reading.target
                for reading in case.good
                if not any(case.has_template(package, variable) for package in reading.packages)
            }
            if targets:
                optional = value.strip().startswith("-")
                yield Hit(
                    f"{wanted} is read, but no package here has its template sysconfig.{variable}",
                    name,
                    number,
                    frozenset(targets),
                    "ship the template, or write EnvironmentFile=- where the file may be missing",
                    # The file may belong to another package (network/proxy does).
                    severity="note" if optional else None,
                )
