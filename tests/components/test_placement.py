"""What components add stands where their subpackage and their condition say, in every state of both."""

from __future__ import annotations

import pytest

from generator.librpm import Librpm
from generator.reading import PackageReading
from generator.targets import load
from tests.definition.folders import SMALLEST, problems, rendered, spec

TARGET = load("tumbleweed")

# A component of every kind that can belong to a subpackage; PLACE is what its entry says beside.
KINDS = {
    "accounts": "accounts: {sample: {PLACE, users: [{name: someone, subordinate-ids: 1-9}]}}",
    "accounts by script": "accounts: {sample: {PLACE, form: script, groups: [some], users: [someone]}}",
    "audit-rules": "audit-rules: {sample.rules: {PLACE}}",
    "configuration": "configuration: {/etc/sample: {PLACE, content: 1}}",
    "directories": "directories: {/srv/sample: {PLACE, mode: 0700}}",
    "sysconfig": "sysconfig: {sample: {PLACE, variables: [{name: A, description: b}]}}",
    "tmpfiles": "tmpfiles: {sample: {PLACE, directories: [{path: /var/lib/x}]}}",
    "udev-rules": "udev-rules: {sample.rules: {PLACE}}",
    "units": "units: {sample.service: {PLACE, rc: true}}",
}
FILES = {"sample.rules": "# rules\n", "sample.service": "[Unit]\n"}
# What each puts into a scriptlet of the package, and its file.
CALLS = {
    "accounts": ("pre", "someone"),
    "accounts by script": ("pre", "groupadd"),
    "sysconfig": ("post", "fillup"),
    "tmpfiles": ("post", "tmpfiles"),
    "units": ("postun", "sample.service"),
}
NO_FILES = ("accounts by script",)
HEAD = SMALLEST + "features: {sub: always, own: always}\n"
SUBPACKAGE = "packages: {sub: {summary: a, description: b, files: [/usr/share/sub]WHEN}}\n"


def contents(package: PackageReading | None) -> tuple[set[str], set[str]]:
    """The files of a package and its scriptlets."""
    if package is None:
        return set(), set()
    return {line.split()[-1] for line in package.files} - {"/usr/share/sub"}, set(package.scriptlets)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("conditional", [False, True], ids=["subpackage", "conditional-subpackage"])
@pytest.mark.parametrize("when", [False, True], ids=["always", "when"])
def test_a_component_of_a_subpackage(librpm: Librpm, kind: str, conditional: bool, when: bool) -> None:
    place = "package: sub" + (", when: with own" if when else "")
    text = HEAD + SUBPACKAGE.replace("WHEN", ", when: with sub" if conditional else "")
    text += KINDS[kind].replace("PLACE", place) + "\n"
    sources = rendered(text, FILES)
    variants = [{"sub": sub, "own": own} for sub in (True, False) for own in (True, False)]
    for reading in librpm.read(sources, [TARGET], variants).readings:
        assert (reading.error, reading.log) == ("", ()), sources.spec.text
        packages = {package.name: package for package in reading.packages}
        assert contents(packages["sample"]) == (set(), set())
        there = reading.features["sub"] or not conditional
        held = there and (reading.features["own"] or not when)
        assert ("sample-sub" in packages) == there
        files, scriptlets = contents(packages.get("sample-sub"))
        assert bool(files) == (held and kind not in NO_FILES), sources.spec.text
        assert bool(scriptlets) == (held and kind in CALLS), sources.spec.text  # no empty one is left
        if held and kind in CALLS:
            name, call = CALLS[kind]
            script = packages["sample-sub"].scriptlets[name]
            assert call in script.text
        # what is not in a package is not installed either
        assert any(word in reading.install for word in ("install -D", "install -d")) == bool(files), reading.install
        assert ("sysusers" in reading.build) == (held and kind == "accounts")


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_component_of_the_main_package_under_a_condition(librpm: Librpm, kind: str) -> None:
    sources = rendered(HEAD + KINDS[kind].replace("PLACE", "when: with own") + "\n", FILES)
    for reading in librpm.read(sources, [TARGET], [{"own": True}, {"own": False}]).readings:
        assert (reading.error, reading.log) == ("", ()), sources.spec.text
        files, scriptlets = contents(reading.packages[0])
        held = reading.features["own"]
        assert bool(files) == (held and kind not in NO_FILES), sources.spec.text
        assert bool(scriptlets) == (held and kind in CALLS), sources.spec.text


def test_a_scriptlet_of_several_conditions_is_there_where_one_holds(librpm: Librpm) -> None:
    text = HEAD + (
        "sysconfig: {sample: {when: with own, variables: [{name: A, description: b}]}}\n"
        "units: {sample.service: {when: with sub}}\n"
    )
    sources = rendered(text, FILES)
    assert "%if %{with sub} || %{with own}\n%post\n" in sources.spec.text
    variants = [{"sub": sub, "own": own} for sub in (True, False) for own in (True, False)]
    for reading in librpm.read(sources, [TARGET], variants).readings:
        assert not reading.error
        own, sub = reading.features["own"], reading.features["sub"]
        script = reading.packages[0].scriptlets.get("post")
        assert (script is not None) == (own or sub)
        if script:
            assert ("fillup" in script.text, "sample.service" in script.text) == (own, sub)


def test_the_file_of_pre_is_asked_for_only_where_it_is_made() -> None:
    text = HEAD + "accounts: {sample: {when: with own, groups: [some]}}\nunits: {sample.service: {}}\n"
    found = spec(text, FILES)
    assert "%if %{with own}\n%pre -f %{name}.pre\n%else\n%pre\n%endif\n%service_add_pre sample.service\n" in found
    assert "%if %{with own}\n%sysusers_generate_pre" in found


def test_sources_of_one_name_are_one_source() -> None:
    shared = "configuration: {/etc/a: {file: x}, /etc/b: {file: x, source: 7}}\n"
    found = spec(SMALLEST + shared, {"x": ""})
    assert found.count("x\n") >= 1
    assert [line for line in found.splitlines() if line.startswith("Source")] == [
        "Source:         sample-1.0.tar.gz",
        "Source7:        x",
    ]
    assert found.count("%{SOURCE7}") == 2
    twice = "configuration: {/etc/a: {file: x, source: 6}, /etc/b: {file: x, source: 7}}\n"
    assert [said for _, said in problems(SMALLEST + twice, {"x": ""}) if "x is already source 6" in said]


def test_a_component_cannot_add_a_package_that_is_there() -> None:
    text = SMALLEST + (
        "packages: {bash-completion: {summary: a, description: b}}\n"
        "completions: {bash: x}\n"
    )  # fmt: skip
    assert problems(text) == [
        (10, "specs/sample/package.yaml:10: the package 'bash-completion' is there already (leave one of them out)")
    ]


def test_archives_without_a_name_in_common() -> None:
    text = SMALLEST.rpartition("trees:")[0] + (
        "service: {}\n"
        "trees:\n"
        "  a: {archive: one-1.0.tar.xz, checkout: {url: https://example.org/a, revision: v1}}\n"
        "  b: {archive: two-1.0.tar.xz, source: 1, checkout: {url: https://example.org/b, revision: v1}}\n"
    )
    found = rendered(text).files["_service"].text
    assert '<param name="file">*.tar</param>' in found
    assert found.count('<param name="versionformat">1.0</param>') == 2
