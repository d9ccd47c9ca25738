"""Units: each is handled by the scriptlets of its package, and finds the files that it names."""

from __future__ import annotations

from collections.abc import Iterator

from generator.check.case import Case
from generator.check.expect import paths
from generator.check.rule import Hit, rule
from generator.check.specindex import Call
from generator.reading import PackageReading, ScriptletName

_WIKI = "openSUSE wiki, Systemd packaging guidelines"
_UNITS = (".service", ".socket", ".path", ".target")  # those that rpmlint looks at
_FOLDERS = ("/usr/lib/systemd/system", "/lib/systemd/system")
_NAMED = 4  # units that a message names
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
        if folder in _FOLDERS and name.endswith(_UNITS) and not set("@*?[{").intersection(name):
            yield name


@rule(
    "unit-without-macro",
    "warning",
    reason="Without the service macros a unit gets no preset, is not stopped on removal and not restarted on update.",
    source=f"{_WIKI}; rpmlint systemd-service-without-service_add_pre, -service_add_post, -del_preun, -del_postun",
    example="docker.socket in %files, and %service_add_post docker.service",
)
def unit_without_macro(case: Case) -> Iterator[Hit]:
    """Installed units that a scriptlet does not name, those of a package together."""
    found: dict[tuple[str, str, str, tuple[str, ...]], set[str]] = {}
    for reading in case.good:
        for package in reading.packages:
            named = {kind: case.words(scriptlet.text) for kind, scriptlet in package.scriptlets.items()}
            for unit in units(package):
                missing = tuple(macro for kind, macro in MACROS.items() if unit not in named.get(kind, ()))
                if missing == ("service_add_pre",) and "systemd_post" in named.get("post", ()):
                    continue  # systemd's own macros, which have none for %pre
                if missing:
                    found.setdefault((reading.spec, package.name, unit, missing), set()).add(reading.target)
    together: dict[tuple[str, str, tuple[str, ...], frozenset[str]], list[str]] = {}
    for (spec, name, unit, missing), targets in found.items():
        together.setdefault((spec, name, missing, frozenset(targets)), []).append(unit)
    for (spec, name, missing, on), names in together.items():
        macros = ", ".join(f"%{macro}" for macro in missing)
        which = "no service macro names" if len(missing) == len(MACROS) else f"{macros} does not name"
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield Hit(
            f"{name} installs {', '.join(names[:_NAMED])}{more}, which {which}",
            spec,
            case.spec(spec).files_line(names[0]),
            on,
            f"call {macros} with all units of the package",
        )


@rule(
    "service-macro-repeated",
    "warning",
    reason="The guidelines ask for one call with all units: each call takes a turn of systemd of its own.",
    source=_WIKI,
    example="%service_add_post docker.service, then %service_add_post docker.socket",
)
def macro_repeated(case: Case) -> Iterator[Hit]:
    """A service macro that is called several times in a scriptlet, or in the wrong one."""
    for spec in case.specs:
        index = case.spec(spec)
        seen: dict[tuple[str, str, str], list[Call]] = {}
        for call in index.calls(*MACROS.values()):
            wanted = next(kind for kind, macro in MACROS.items() if macro == call.macro)
            if call.section in MACROS and call.section != wanted:
                message = f"%{call.macro} stands in %{call.section}"
                yield Hit(message, spec, call.line, hint=f"move it to %{wanted}", severity="error")
            seen.setdefault((call.section, call.package, call.macro), []).append(call)
        for (_, _, macro), calls in seen.items():
            first, *others = calls
            repeated = [
                call for call in others if not index.exclusive(index.branches(first.line), index.branches(call.line))
            ]
            if repeated:
                again = f"line {repeated[0].line}" if len(repeated) == 1 else f"{len(repeated)} more lines"
                message = f"%{macro} is called again on {again}"
                yield Hit(message, spec, first.line, hint="call it once, with all units")


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
