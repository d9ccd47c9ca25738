"""Records the reference facts of the real packages: `python -m tests.proof.record DIR`.

DIR holds `docker/` and `docker-stable/`: package directories with the real specs and the files that they declare, apart
from archives, patches and docker-integration.sh. Only facts are written, to tests/data/.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.proof import contents, contract, hollow
from tests.proof.facts import save
from tests.proof.packages import FEATURES, PACKAGES, read_twins, targets

NOTE = "Facts of the real package, read by {}; see README.md beside tests/data/contracts"


def main(reference: Path) -> None:
    """Record contracts, contents and hollow builds of both packages."""
    specs = {name: reference / name / f"{name}.spec" for name in PACKAGES}
    for name, table in read_twins(specs).items():
        save(table, contract.DATA / f"{name}.twin.json", NOTE.format("librpm under its twin's name"))
    for name, table in contract.read_contracts(specs, targets(), FEATURES).items():
        save(table, contract.DATA / f"{name}.json", NOTE.format("librpm"))
        save(contents.read(reference / name), contents.DATA / f"{name}.json", NOTE.format("tests/proof/contents.py"))
        builds = hollow.build_all(hollow.cases(reference / name, targets()), contract.declared(table))
        save(builds, hollow.DATA / f"{name}.json", NOTE.format("a hollow build"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
