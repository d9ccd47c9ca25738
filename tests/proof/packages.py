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
from tests.proof.contract import kind_of, read_contracts
from tests.proof.facts import Table

SPECS = Path(__file__).parents[2] / "specs"
TWINS = {"docker": "docker-stable", "docker-stable": "docker"}
PACKAGES = tuple(TWINS)
FEATURES = ("apparmor", "suseconnect", "buildx", "integration_tests")


@cache
def targets() -> tuple[Target, ...]:
    """The targets that the packages are made for."""
    return all_targets()


def defined(name: str, settings: Mapping[str, str] | None = None, specs: Path = SPECS) -> Defined:
    """The package of a definition in this checkout."""
    return Defined.open(specs / name, f"specs/{name}", settings or {}, lambda other: specs / other)


#: docker where sysuser-tools is missing.
_SCRIPT_FORM = """\
extends: docker
name: docker-script
twin: {replacement: docker-script}
accounts:
  docker: {form: script}
"""


def script_form(folder: Path) -> Defined:
    """docker with accounts by a script of its own, as a definition in `folder`."""
    own = folder / "definitions" / "docker-script"
    own.mkdir(parents=True)
    (own / "package.yaml").write_text(_SCRIPT_FORM)
    (own / "docker-script.changes").write_bytes((SPECS / "docker" / "docker.changes").read_bytes())
    return Defined.open(own, "docker-script", {}, lambda other: SPECS / other)


def rendered(name: str, folder: Path, settings: Mapping[str, str] | None = None) -> Path:
    """A package directory rendered into `folder`."""
    write(defined(name, settings).sources(), folder / name)
    return folder / name


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
