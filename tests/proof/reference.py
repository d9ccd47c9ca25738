"""What a rendered package is compared with: the facts of the real one, and what an option is known to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tests.proof import contents, contract, hollow
from tests.proof.facts import Table, load
from tests.proof.packages import targets

#: What the audit rules must watch; the real package's were not at hand. All that runs as part of docker, what
#: configures it, the socket that it is asked through, and what it keeps.
WATCHED = (
    *("/usr/bin/docker", "/usr/bin/dockerd", "/usr/bin/docker-proxy", "/usr/bin/containerd", "/usr/sbin/runc"),
    *("/usr/lib/systemd/system/docker.service", "/usr/lib/systemd/system/docker.socket"),
    *("/etc/docker", "/etc/sysconfig/docker", "/run/docker.sock", "/var/lib/docker"),
)
#: The option that leaves /var/lib/docker to systemd-tmpfiles, as the real package does since PED-14748.
TMPFILES = {"data-directory": "tmpfiles"}


@dataclass(frozen=True)
class Reference:
    """All facts of one package: by librpm, also under its twin's name; of hollow builds; of the other files."""

    contract: Table
    twin: Table
    builds: Table
    contents: Table


def reference(name: str, settings: Mapping[str, str] | None = None) -> Reference:
    """The facts that the package `name` must have when it is rendered with these settings of its options."""
    (case, beside), *_ = load(contents.DATA / f"{name}.json").items()
    found = Reference(
        contract=load(contract.DATA / f"{name}.json"),
        twin=load(contract.DATA / f"{name}.twin.json"),
        builds=load(hollow.DATA / f"{name}.json"),
        contents={case: beside | {f"docker-audit.rules | -w {path} -p wa -k docker" for path in WATCHED}},
    )
    return _by_tmpfiles(name, found) if settings == TMPFILES else found


def _by_tmpfiles(name: str, found: Reference) -> Reference:
    """The directory is a ghost from suse_version 1500 on, and made by systemd-tmpfiles."""
    new = {target.name for target in targets() if int(target.macros["suse_version"]) >= 1500}
    made = "/usr/lib/tmpfiles.d/docker.conf"
    starts = f"{name} | script | %post calls "
    services = "service-add-post docker.service docker.socket; fillup-only docker"
    declared = _changed(found.contract, found.contract, (), ["source | 170 | docker.tmpfiles"])
    return replace(
        found,
        contract=_changed(
            declared,
            (case for case in declared if case[0] in new),
            [f"{name} | file | %dir /var/lib/docker"],
            [
                f"{name} | file | %ghost %attr(0750,root,root) /var/lib/docker",
                f"{name} | file | {made}",
                f"{name} | call | %post tmpfiles-create {made}",
            ],
        ),
        builds=_changed(
            found.builds,
            (case for case in found.builds if case[0] in new),
            [f"{name} | file | /var/lib/docker drwxr-xr-x root:root", starts + services],
            [
                f"{name} | file | /var/lib/docker drwxr-x--- root:root ghost",
                f"{name} | file | {made} -rw-r--r-- root:root | from source docker.tmpfiles",
                f"{starts}tmpfiles-create {made}; {services}",
            ],
        ),
        contents=_changed(found.contents, found.contents, (), ["docker.tmpfiles | d /var/lib/docker 0750 root root -"]),
    )


def _changed(table: Table, cases: Iterable[tuple[str, str]], gone: Iterable[str], come: Iterable[str]) -> Table:
    """The table with facts gone, which must have been there, and others come, in these cases."""
    gone, come, changed = set(gone), set(come), dict(table)
    for case in tuple(cases):
        assert gone <= table[case], f"{case} never had {gone - table[case]}"
        changed[case] = table[case] - gone | come
    return changed
