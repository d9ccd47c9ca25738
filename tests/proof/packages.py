"""The packages that are proven: where, in which states, and how they are read."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from generator.package.defined import Defined
from generator.package.directory import write
from generator.targets import Target, all_targets
from tests.proof import contents
from tests.proof.contract import kind_of, read_contracts
from tests.proof.facts import Table, load

SPECS = Path(__file__).parents[2] / "specs"
TWINS = {"docker": "docker-stable", "docker-stable": "docker"}
PACKAGES = tuple(TWINS)
FEATURES = ("apparmor", "suseconnect", "buildx", "integration_tests")

#: What the audit rules must watch; the real package's were not at hand. All that runs as part of docker, what
#: configures it, the socket that it is asked through, and what it keeps.
WATCHED = (
    *("/usr/bin/docker", "/usr/bin/dockerd", "/usr/bin/docker-proxy", "/usr/bin/containerd", "/usr/sbin/runc"),
    *("/usr/lib/systemd/system/docker.service", "/usr/lib/systemd/system/docker.socket"),
    *("/etc/docker", "/etc/sysconfig/docker", "/run/docker.sock", "/var/lib/docker"),
)


@cache
def targets() -> tuple[Target, ...]:
    """The targets that the packages are made for."""
    return all_targets()


def defined(name: str, settings: Mapping[str, str] | None = None, specs: Path = SPECS) -> Defined:
    """The package of a definition in this checkout."""
    return Defined.open(specs / name, f"specs/{name}", settings or {}, lambda other: specs / other)


def rendered(name: str, folder: Path, settings: Mapping[str, str] | None = None) -> Path:
    """A package directory rendered into `folder`."""
    write(defined(name, settings).sources(), folder / name)
    return folder / name


def expected_contents(name: str) -> Table:
    """What the files beside the spec of a package must say: as in the real package, and the audit rules."""
    (case, facts), *_ = load(contents.DATA / f"{name}.json").items()
    return {case: facts | {f"docker-audit.rules | -w {path} -p wa -k docker" for path in WATCHED}}


def read_twins(specs: Mapping[str, Path]) -> dict[str, Table]:
    """What each spec would say to rpm's resolver under its twin's name.

    Both specs hold the relations of both names under a condition; one half of them has no effect on the spec's own
    contract, and has to be right all the same.
    """
    with tempfile.TemporaryDirectory() as folder:
        renamed = {}
        for name, spec in specs.items():
            path = Path(folder) / name / spec.name
            path.parent.mkdir()
            text = re.sub(r"(?m)^(Name:\s+).*$", rf"\g<1>{TWINS.get(name, TWINS['docker'])}", spec.read_text())
            path.write_text(text)
            renamed[name] = path
        found = read_contracts(renamed, targets(), ())
    kinds = ("provides", "conflicts", "obsoletes", "error", "log")
    return {
        name: {case: frozenset(fact for fact in facts if kind_of(fact) in kinds) for case, facts in table.items()}
        for name, table in found.items()
    }
