"""What specgen renders for docker and docker-stable equals the real packages, on every target."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.proof import contents, contract, hollow, readme
from tests.proof.facts import Table, differences
from tests.proof.packages import FEATURES, PACKAGES, SPECS, read_twins, rendered, targets
from tests.proof.reference import reference


@pytest.fixture(scope="module")
def directories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The rendered package directories."""
    folder = tmp_path_factory.mktemp("rendered")
    return {name: rendered(name, folder) for name in PACKAGES}


@pytest.fixture(scope="module")
def specs(directories: dict[str, Path]) -> dict[str, Path]:
    return {name: directory / f"{name}.spec" for name, directory in directories.items()}


@pytest.fixture(scope="module")
def contracts(specs: dict[str, Path]) -> dict[str, Table]:
    return contract.read_contracts(specs, targets(), FEATURES)


def show(lines: list[str]) -> str:
    return "\n".join(["the rendered package lacks (-) or adds (+):", *lines])


@pytest.mark.parametrize("name", PACKAGES)
def test_contract_is_the_real_one(name: str, contracts: dict[str, Table]) -> None:
    found = differences(reference(name).contract, contracts[name])
    assert not found, show(found)


@pytest.mark.parametrize("name", PACKAGES)
def test_contract_covers_every_target_and_state(name: str, contracts: dict[str, Table]) -> None:
    assert len(targets()) == 10
    assert set(contracts[name]) == {(target.name, state) for target in targets() for state in contract.states(FEATURES)}
    assert all(len(facts) > 100 for facts in contracts[name].values())


@pytest.mark.parametrize("name", PACKAGES)
def test_twin_is_the_real_one(name: str, specs: dict[str, Path]) -> None:
    found = differences(reference(name).twin, read_twins({name: specs[name]})[name])
    assert not found, show(found)


@pytest.mark.parametrize("name", PACKAGES)
def test_files_beside_the_spec_say_the_same(name: str, directories: dict[str, Path]) -> None:
    found = differences(reference(name).contents, contents.read(directories[name]))
    assert not found, show(found)


@pytest.mark.parametrize("name", PACKAGES)
def test_readme_says_all_that_its_source_says(name: str, directories: dict[str, Path]) -> None:
    template = (SPECS / "docker" / "README_SUSE.md.j2").read_text()
    assert readme.unsaid(name, template, (directories[name] / "README_SUSE.md").read_text()) == []


@pytest.mark.parametrize("name", PACKAGES)
def test_hollow_build_is_the_real_one(name: str, directories: dict[str, Path], contracts: dict[str, Table]) -> None:
    builds = hollow.cases(directories[name], targets())
    made = hollow.build_all(builds, contract.declared(contracts[name]))
    found = differences(reference(name).builds, made)
    assert not found, show(found)
    assert all("result | built" in facts for facts in made.values())


def test_packages_differ_as_little_as_the_real_ones(specs: dict[str, Path]) -> None:
    compared = subprocess.run(["diff", *specs.values()], capture_output=True, text=True).stdout
    assert 0 < sum(line.startswith(("<", ">")) for line in compared.splitlines()) <= 59
