"""Without any one line that a component contributed, something is red."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from generator.components.kind import kinds
from tests.proof.mutation import Proofs, Removal, removals
from tests.proof.packages import defined, rendered
from tests.proof.reference import TMPFILES, reference

pytestmark = pytest.mark.root  # %pre runs in a chroot


def controls(name: str) -> list[Removal]:
    """Removals that must not be seen: comments and blank lines of each file that has them."""
    found = []
    for file in defined(name).sources().files.values():
        if file.name.endswith((".spec", ".service")):
            for start in ("#", ""):
                lines = [n for n, text in enumerate(file.lines, 1) if text.strip()[:1] == start]
                found += [Removal(name, "control", file.name, n, file.lines[n - 1]) for n in lines[-1:]]
    return found


def prove(
    name: str, settings: dict[str, str], mine: list[Removal], expected: list[Removal], folder: Path, root: Path
) -> None:
    """Take each line away; only the `expected` ones may be missed by nobody."""
    copies = folder / "copies"
    copies.mkdir()
    proofs = Proofs(name, reference(name, settings), rendered(name, folder, settings), copies, root)
    unseen, count = proofs.unseen([*mine, *expected])
    each = Counter(removal.component for removal in mine)
    print(f"{len(mine)} lines: " + ", ".join(f"{kind} {number}" for kind, number in each.most_common()))
    print("seen by: " + ", ".join(f"{proof} {number}" for proof, number in count.items()))
    assert [str(removal) for removal in unseen] == [str(removal) for removal in expected]


@pytest.mark.parametrize("name", ["docker", pytest.param("docker-stable", marks=pytest.mark.live)])
def test_every_line_of_every_component_counts(name: str, tmp_path: Path, base_root: Path) -> None:
    prove(name, {}, list(removals(name, {})), controls(name), tmp_path, base_root)


def test_no_kind_of_component_is_left_out() -> None:
    used = {removal.component for settings in ({}, TMPFILES) for removal in removals("docker", settings)}
    assert used == {kind.key for kind in kinds()}
