"""The twin: of two packages with the same files one replaces the other, subpackage by subpackage."""

from __future__ import annotations

import pytest

from generator.components.contribution import Subpackage, guard
from generator.components.facts import Facts
from generator.components.twin import Twin, expand
from generator.condition import Feature, String
from generator.librpm import Librpm
from generator.reading import PackageReading
from generator.targets import load
from tests.definition.folders import CHANGES, SMALLEST, definition, problems, rendered, spec
from tests.proof.packages import PACKAGES, defined

ENTRY = Twin(original="sample", replacement="sample-new", because="Only one can be installed.")
NEW = {"sample-new.changes": CHANGES}
REPLACES = String("name", "==", "sample-new")
TEXT = SMALLEST.replace("version: 1.0", 'version: "%{sample_version}"\nmacros: {sample_version: 1.0}') + (
    "features: {fast: always}\n"
    "packages:\n"
    "  tools: {summary: a, description: b, files: [/usr/bin/tool]}\n"
    "  data: {summary: a, description: b, version: 7, arch: noarch, when: with fast}\n"
    "  tests: {summary: a, description: b}\n"
    "completions: {fish: contrib/sample.fish}\n"
    "twin: {original: sample, replacement: sample-new, without: [tests], because: Only one can be installed.}\n"
)


def relations(package: PackageReading) -> dict[str, set[str]]:
    """What a package says of other packages than itself."""
    found = {}
    for kind in ("provides", "obsoletes", "conflicts"):
        texts = {dependency.text for dependency in package.dependencies.get(kind, ())}
        texts = {text for text in texts if not text.startswith((f"{package.name} =", f"{package.name}("))}
        if texts:
            found[kind] = texts
    return found


def test_the_replacement_says_three_things_and_the_original_one() -> None:
    (found,) = expand(ENTRY, Facts("sample", "%{v}", {"v": "1.0"}))
    assert [(tag.name, tag.value, tag.guard) for tag in found.tags] == [
        ("Provides", "sample = %{v}", ((REPLACES, True),)),
        ("Obsoletes", "sample < %{v}", ((REPLACES, True),)),
        ("Conflicts", "sample", ((REPLACES, True),)),
        ("Conflicts", "sample-new", ((REPLACES, False),)),
    ]
    assert {tag.because for tag in found.tags} == {"Only one can be installed."}
    assert {tag.package for tag in found.tags} == {""}


def test_a_subpackage_has_a_twin_of_its_own_version_under_its_own_condition() -> None:
    own = (Subpackage("data", "a", "b", version="7", guard=guard(Feature("fast"))), Subpackage("tests", "a", "b"))
    entry = Twin(original="sample", replacement="sample-new", without=["tests"])
    main, data = expand(entry, Facts("sample", "1.0", {}, subpackages=own))
    assert (main.package, data.package) == ("", "data")
    assert [(tag.name, tag.value) for tag in data.tags] == [
        ("Provides", "sample-data = 7"),
        ("Obsoletes", "sample-data < 7"),
        ("Conflicts", "sample-data"),
        ("Conflicts", "sample-new-data"),
    ]
    assert {tag.guard[0] for tag in data.tags} == {(Feature("fast"), True)}


def test_every_tag_leads_to_the_entry() -> None:
    given = definition(TEXT)
    for contribution in expand(given.components["twin"], Facts("sample", "1.0", {})):
        assert {tag.origin.line for tag in contribution.tags if tag.origin} == {16}
        assert all(tag.origin for tag in contribution.tags)


def test_the_conditions_stand_in_the_spec_of_both() -> None:
    text = spec(TEXT)
    expected = (
        "# Only one can be installed.\n"
        '%if "%{name}" == "sample-new"\n'
        "Conflicts:      sample\n"
        "Provides:       sample = %{sample_version}\n"
        "Obsoletes:      sample < %{sample_version}\n"
        "%else\n"
        "Conflicts:      sample-new\n"
        "%endif\n"
    )
    found = sorted(expected.splitlines())
    head = text[: text.index("%description")]
    assert sorted(line for line in head.splitlines() if line in found) == found
    new = spec(TEXT.replace("name: sample\n", "name: sample-new\n", 1), NEW)
    assert [line for line in new.splitlines() if "onflicts" in line] == [
        line for line in text.splitlines() if "onflicts" in line
    ]


@pytest.mark.parametrize("target", ["sle12", "tumbleweed"])
def test_librpm_reads_the_original_and_its_replacement(librpm: Librpm, target: str) -> None:
    for name, suffixed in (("sample", False), ("sample-new", True)):
        sources = rendered(TEXT.replace("name: sample\n", f"name: {name}\n", 1), NEW)
        for reading in librpm.read(sources, [load(target)], [{"fast": True}, {"fast": False}]).readings:
            assert (reading.error, reading.log) == ("", ()), sources.spec.text
            packages = {package.name.removeprefix(name): relations(package) for package in reading.packages}
            assert ("-data" in packages) == reading.features["fast"]
            assert packages.pop("-tests") == {}
            for suffix, found in packages.items():
                version = "7" if suffix == "-data" else "1.0"
                assert found == (
                    {
                        "provides": {f"sample{suffix} = {version}"},
                        "obsoletes": {f"sample{suffix} < {version}"},
                        "conflicts": {f"sample{suffix}"},
                    }
                    if suffixed
                    else {"conflicts": {f"sample-new{suffix}"}}
                ), suffix
            assert set(packages) >= {"", "-tools", "-fish-completion"}


@pytest.mark.parametrize("name", PACKAGES)
def test_docker_and_its_twin(librpm: Librpm, name: str) -> None:
    sources = defined(name).sources()
    variants = [{"buildx": on, "integration_tests": on} for on in (True, False)]
    for reading in librpm.read(sources, [load("sle15")], variants).readings:
        for package in reading.packages:
            suffix = package.name.removeprefix(name)
            conflicts = relations(package).get("conflicts", set())
            if suffix == "-integration-tests-devel":
                assert not conflicts
            else:
                other = "docker" if name == "docker-stable" else "docker-stable"
                assert conflicts == {f"{other}{suffix}"}


@pytest.mark.parametrize(
    ("entry", "line", "said"),
    [
        ("twin:\n  original: other\n  replacement: another\n", 10, "this package is 'sample', neither"),
        ("twin:\n  original: sample\n  replacement: sample\n", 11, "'sample' cannot replace itself"),
        ("twin:\n  original: sample\n", 10, "replacement"),
        ("twin:\n  original: sample\n  replacement: b c\n", 11, "a name of letters, digits"),
        ("twin:\n  original: sample\n  replacement: b\n  without: [toosl]\n", 12, "there is no package 'toosl'"),
        ("twin:\n  original: sample\n  replaces: b\n  replacement: b\n", 11, "replaces"),
    ],
)
def test_errors(entry: str, line: int, said: str) -> None:
    found = problems(SMALLEST + entry)
    assert [(at, said in message) for at, message in found] == [(line, True)], found
