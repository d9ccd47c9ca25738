"""Without any one line that a component contributed, something is red."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from generator.components.kind import kinds
from generator.package.directory import write
from tests.proof import contract
from tests.proof.mutation import Proofs, Removal, contributed, removals
from tests.proof.packages import defined, rendered, script_form, targets
from tests.proof.reference import TMPFILES, reference


def controls(name: str) -> list[Removal]:
    """Removals that must not be seen: comments and blank lines of each file that has them."""
    found = []
    for file in defined(name).sources().files.values():
        if file.name.endswith((".spec", ".service")):
            for start in ("#", ""):
                lines = [n for n, text in enumerate(file.lines, 1) if text.strip()[:1] == start]
                found += [Removal(name, "control", file.name, n, file.lines[n - 1]) for n in lines[-1:]]
    return found


def prove(name: str, settings: dict[str, str], mine: list[Removal], expected: list[Removal], folder: Path) -> None:
    """Take each line away; only the `expected` ones may be missed by nobody."""
    copies = folder / "copies"
    copies.mkdir()
    proofs = Proofs(name, reference(name, settings), rendered(name, folder, settings), copies)
    unseen, count = proofs.unseen([*mine, *expected])
    each = Counter(removal.component for removal in mine)
    print(f"{len(mine)} lines: " + ", ".join(f"{kind} {number}" for kind, number in each.most_common()))
    print("seen by: " + ", ".join(f"{proof} {number}" for proof, number in count.items()))
    assert [str(removal) for removal in unseen] == [str(removal) for removal in expected]


@pytest.mark.parametrize("name", ["docker", pytest.param("docker-stable", marks=pytest.mark.live)])
def test_every_line_of_every_component_counts(name: str, tmp_path: Path) -> None:
    prove(name, {}, list(removals(name, {})), controls(name), tmp_path)


def test_every_line_of_tmpfiles_counts(tmp_path: Path) -> None:
    mine = [removal for removal in removals("docker", TMPFILES) if removal.component == "tmpfiles"]
    prove("docker", TMPFILES, mine, [], tmp_path)


def test_no_kind_of_component_is_left_out() -> None:
    used = {removal.component for settings in ({}, TMPFILES) for removal in removals("docker", settings)}
    assert used == {kind.key for kind in kinds()}


#: What the package did about accounts before there was sysuser-tools, by the names of ours.
SCRIPT_FORM = {
    "docker-script | requires | shadow (pre)",
    "docker-script | requires | shadow (post)",
    *(
        f"docker-script | call | %pre {call}"
        for call in (
            "getent group docker",
            "groupadd -r docker",
            "getent group dockremap",
            "groupadd -r dockremap",
            "getent passwd dockremap",
            "useradd -r -g dockremap -p ! -s /bin/false -c docker --userns-remap=default dockremap",
            "grep ^dockremap: /etc/subuid",
            "usermod -v 100000000-200000000 dockremap",
            "echo dockremap:100000000:100000001 >> /etc/subuid",
            "grep ^dockremap: /etc/subgid",
            "usermod -w 100000000-200000000 dockremap",
            "echo dockremap:100000000:100000001 >> /etc/subgid",
        )
    ),
}


def of_accounts(facts: frozenset[str]) -> set[str]:
    return {
        fact
        for fact in facts
        if "| requires | shadow" in fact or ("| call | %pre " in fact and "service-add-pre" not in fact)
    }


def test_every_line_of_the_script_form_counts(tmp_path: Path) -> None:
    package = script_form(tmp_path)
    original = tmp_path / "original"
    write(package.sources(), original)
    (tmp_path / "copies").mkdir()
    lines = [removal for removal in contributed(package) if removal.component == "accounts"]
    assert len(lines) == 13  # a command each, and a line that joins two
    specs = {"": original / "docker-script.spec"}
    specs |= {str(one): one.directory(original, tmp_path / "copies") / one.file for one in lines}
    tables = contract.read_contracts(specs, targets()[:1], ())
    case = targets()[0].name, "default"
    assert of_accounts(tables.pop("")[case]) == SCRIPT_FORM
    assert [line for line, table in tables.items() if of_accounts(table[case]) == SCRIPT_FORM] == []
