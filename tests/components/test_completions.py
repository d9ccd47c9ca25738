"""Completions: a subpackage per shell, which asks for the package and the shell, and holds one file."""

from __future__ import annotations

import pytest

from generator.components.completions import KIND, SHELLS, Completion, expand
from generator.components.contribution import Contribution, guard
from generator.components.facts import Facts
from generator.condition import Feature
from generator.librpm import Librpm
from generator.reading import PackageReading, Reading
from generator.targets import load
from tests.definition.folders import SMALLEST, definition, problems, rendered, spec
from tests.proof.packages import PACKAGES, defined

FACTS = Facts("sample", "%{real_version}", {"real_version": "1.0"})
ALL = "completions: {bash: contrib/sample, zsh: contrib/_sample, fish: contrib/sample.fish}\n"
FOLDERS = {
    "bash": "/usr/share/bash-completion/completions",
    "zsh": "/etc/zsh_completion.d",
    "fish": "/usr/share/fish/vendor_completions.d",
}
NEEDED = {"bash": "bash-completion", "zsh": "zsh", "fish": "fish"}


def one(entry: Completion, shell: str = "bash") -> Contribution:
    (contribution,) = expand({shell: entry}, FACTS)
    return contribution


def dependencies(package: PackageReading, kind: str) -> set[str]:
    return {dependency.text for dependency in package.dependencies.get(kind, ()) if "rpmlib(" not in dependency.text}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_has_a_subpackage_with_its_dependencies(shell: str) -> None:
    found = one(Completion(source="contrib/sample"), shell)
    (package,) = found.subpackages
    assert (found.kind, found.package, package.name) == ("completions", f"{shell}-completion", f"{shell}-completion")
    assert (package.arch, package.group) == ("noarch", "System/Shells")
    assert "sample" in package.summary
    needed = NEEDED[shell]
    assert {(tag.name, tag.value, tag.package) for tag in found.tags} == {
        ("BuildRequires", needed, ""),
        ("Requires", "%{name} = %{real_version}", package.name),
        ("Requires", needed, package.name),
        ("Supplements", f"packageand(%{{name}}:{needed})", package.name),
    }


def test_the_file_goes_where_the_shell_looks_or_where_the_entry_says() -> None:
    (file,) = one(Completion(source="%{tree}/contrib/sample")).files
    assert file.path == "%{_datadir}/bash-completion/completions/sample"
    assert file.install == f"install -D -m0644 %{{tree}}/contrib/sample %{{buildroot}}{file.path}"
    (file,) = one(Completion(source="contrib/sample", path="/etc/bash_completion.d/other")).files
    assert file.path == "/etc/bash_completion.d/other"
    assert file.install.endswith(" %{buildroot}/etc/bash_completion.d/other")
    (file,) = one(Completion(source="contrib/sample", path="/etc/bash_completion.d/")).files
    assert file.path == "/etc/bash_completion.d/sample"  # as with `files`


def test_all_of_it_is_under_the_condition() -> None:
    under = guard(Feature("own"))
    found = one(Completion(source="x", when=Feature("own"), because="Reasons."))
    assert found.guard == under
    assert {part.guard for part in (*found.tags, *found.files, *found.subpackages)} == {under}
    assert found.subpackages[0].because == "Reasons."


def test_every_part_leads_to_its_entry() -> None:
    given = definition(SMALLEST + "completions:\n  bash: contrib/sample\n  fish: {source: contrib/sample.fish}\n")
    facts = Facts("sample", "1.0", {})
    for contribution, line in zip(expand(given.components["completions"], facts), (10, 11), strict=True):
        for part in (contribution, *contribution.tags, *contribution.files, *contribution.subpackages):
            assert part.origin is not None
            assert part.origin.line == line


def test_the_rendered_subpackage() -> None:
    assert (
        "%package fish-completion\n"
        "Summary:        Fish completion for sample\n"
        "Group:          System/Shells\n"
        "Requires:       %{name} = 1.0\n"
        "Requires:       fish\n"
        "Supplements:    packageand(%{name}:fish)\n"
        "BuildArch:      noarch\n"
        "\n"
        "%description fish-completion\n"
        "Completes the commands and options of sample in Fish.\n"
    ) in spec(SMALLEST + ALL)


def test_it_is_installed_after_the_body_and_before_what_comes_last() -> None:
    files = {"install.sh": "make install\n", "install.last.sh": "%fdupes %{buildroot}\n"}
    text = spec(SMALLEST + "completions: {bash: x}\n", files)
    path = "%{_datadir}/bash-completion/completions/x"
    install = f"install -D -m0644 x %{{buildroot}}{path}"
    assert f"%install\nmake install\n\n{install}\n\n%fdupes %{{buildroot}}\n" in text
    assert f"%files bash-completion\n{path}\n" in text


def readings(librpm: Librpm, text: str, *targets: str) -> list[Reading]:
    sources = rendered(text)
    variants = [dict.fromkeys(sources.features, on) for on in (True, False)] if sources.features else [{}]
    found = list(librpm.read(sources, [load(target) for target in targets], variants).readings)
    for reading in found:
        assert (reading.error, reading.log) == ("", ()), sources.spec.text
    return found


def test_librpm_reads_three_packages_on_old_and_new_targets(librpm: Librpm) -> None:
    for reading in readings(librpm, SMALLEST + ALL, "sle12", "tumbleweed"):
        packages = {package.name: package for package in reading.packages}
        assert not packages.pop("sample").files
        assert {dependency.text for dependency in reading.build_requires} == set(NEEDED.values())
        assert set(packages) == {f"sample-{shell}-completion" for shell in SHELLS}
        for shell, needed in NEEDED.items():
            package = packages[f"sample-{shell}-completion"]
            assert package.arch == "noarch"
            assert dependencies(package, "requires") == {"sample = 1.0", needed}
            assert dependencies(package, "supplements") == {f"packageand(sample:{needed})"}
            (file,) = package.files
            assert file.rpartition("/")[0] == FOLDERS[shell]


def test_under_a_condition_nothing_of_it_is_there_where_it_does_not_hold(librpm: Librpm) -> None:
    text = SMALLEST + "features: {own: always}\ncompletions: {zsh: {source: x/_sample, when: with own}}\n"
    for reading in readings(librpm, text, "sle15"):
        held = reading.features["own"]
        assert ("sample-zsh-completion" in {package.name for package in reading.packages}) == held
        assert ({dependency.text for dependency in reading.build_requires} == {"zsh"}) == held
        assert ("_sample" in reading.install) == held


@pytest.mark.parametrize("name", PACKAGES)
def test_both_flavours_ask_for_their_own_version(librpm: Librpm, name: str) -> None:
    (reading,) = librpm.read(defined(name).sources(), [load("sle15")]).readings
    main = reading.packages[0]
    for shell in SHELLS:
        package = next(package for package in reading.packages if package.name == f"{name}-{shell}-completion")
        assert f"{name} = {main.version}" in dependencies(package, "requires")
        assert package.version == main.version


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("completions:\n  bahs: x\n", 10, "bahs"),
        ("completions:\n  bash: two words\n", 10, "a name or pattern without blanks"),
        ("completions:\n  bash: {path: /x}\n", 10, "source"),
        ("completions:\n  bash: {source: x, path: x}\n", 10, "a path that begins with / or a macro"),
        ("completions:\n  bash: {source: x,\n    sourec: y}\n", 11, "sourec"),
        ("completions:\n  bash: contrib/\n", 10, "names a folder, not a file"),
    ],
)
def test_errors(text: str, line: int, said: str) -> None:
    ((at, message),) = problems(SMALLEST + text)
    assert at == line
    assert said in message


def test_the_kind_is_registered_under_its_key() -> None:
    assert KIND.key == "completions"
