"""What a spec promises: facts read by librpm on every target, in every state of every feature.

`read_contracts` reads any number of specs in one child process; `tests/data/contracts/NAME.json` holds what the real
packages promise (see tests/data/contracts/README.md for how that was recorded). Facts only: what scriptlets call, not
how their text goes.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from generator.targets import Target
from tests.proof.facts import Table, counted
from tests.proof.macros import marker_macros

READER = Path(__file__).with_name("spec_reader.py")
DATA = Path(__file__).parents[1] / "data" / "contracts"
SYSTEM_PYTHON = "/usr/bin/python3"  # the one that the distribution's rpm bindings are made for

#: Every kind of fact that the reader knows: test_contract shows a difference in each of them.
KINDS = (
    *("log", "error", "source", "patch", "applied", "build requires", "architecture", "build call", "script file"),
    *("version", "release", "arch", "license", "url", "group", "summary", "description"),
    *("requires", "provides", "conflicts", "obsoletes", "recommends", "supplements", "suggests", "enhances"),
    *("interpreter", "call", "file"),
)


def kind_of(fact: str) -> str:
    """The kind of a fact: its first part, or its second where the first is a package."""
    first, second = fact.split(" | ")[:2]
    return first if first in KINDS[:9] else second


def states(features: Iterable[str]) -> dict[str, dict[str, str]]:
    """The states to read a spec in: its own defaults, then each feature forced on and off, with the macros for it."""
    forced = {f"{way} {feature}": {f"_{way}_{feature}": "1"} for feature in features for way in ("with", "without")}
    return {"default": {}, **forced}


def read_contracts(
    specs: Mapping[str, Path],
    targets: Iterable[Target],
    features: Iterable[str],
    define: Mapping[str, str] | None = None,
) -> dict[str, Table]:
    """Read each spec on each target in each state of each feature; the result has the keys of `specs`.

    `define` are macros for every reading, for example `{"_with_x": "1"}`.
    """
    modes = states(features)
    jobs = []
    with tempfile.TemporaryDirectory() as folder:
        for target in targets:
            macros = Path(folder) / f"{target.name}.macros"
            macros.write_text(marker_macros(target))
            jobs += [
                (
                    key,
                    (target.name, state),
                    {"spec": str(spec.resolve()), "macros": str(macros), "define": {**(define or {}), **forced}},
                )
                for key, spec in specs.items()
                for state, forced in modes.items()
            ]
        done = subprocess.run(
            [SYSTEM_PYTHON, "-I", READER],
            input=json.dumps([job for _, _, job in jobs]),
            env={"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise AssertionError(f"the reader of specs failed:\n{done.stderr}")
    found: dict[str, Table] = {key: {} for key in specs}
    for (key, case, _), facts in zip(jobs, json.loads(done.stdout), strict=True):
        found[key][case] = counted(facts)
    return found


def declared(table: Table) -> set[str]:
    """The names of all sources and patches that a spec declares in any case."""
    facts = frozenset[str]().union(*table.values())
    return {fact.split(" | ")[2] for fact in facts if fact.startswith(("source | ", "patch | "))}
