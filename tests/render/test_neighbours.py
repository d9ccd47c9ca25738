"""The tools that openSUSE's packagers run have next to nothing to say of a rendered package: spec-cleaner, rpmlint."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from generator import targets
from generator.cli.application import Application
from generator.package.directory import write
from tests.render import rpmlint

ROOT = Path(__file__).parents[2]
PACKAGES = ("docker", "docker-stable")
PROGRAMS = Path(sys.executable).parent


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package directories."""
    top = tmp_path_factory.mktemp("rendered")
    for name in PACKAGES:
        write(Application(ROOT / "specs").package(name).sources(), top / name)
    return top


def cleaned(spec: Path, folder: Path) -> list[str]:
    """The lines that spec-cleaner makes of a spec in its mild mode."""
    result = folder / "cleaned.spec"
    command = [PROGRAMS / "spec-cleaner", "-m", "-o", result, spec]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
    return result.read_text("utf-8").splitlines()


def unexpected(before: list[str], after: list[str]) -> list[str]:
    """What was changed and is not one of the changes that a rendered spec leaves to spec-cleaner."""
    first_subpackage = next(number for number, line in enumerate(before) if line.startswith("%package"))
    found = []
    for kind, start, end, new_start, new_end in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if kind == "equal":
            continue
        removed = {number: line for number, line in enumerate(before[start:end], start) if line}
        added = [line for line in after[new_start:new_end] if line]
        for number, line in removed.items():
            rich = re.sub(r"packageand\((.*):(.*)\)", r"(\1 and \2)", line)
            if rich != line and rich in added:
                added.remove(rich)
            elif not (line.startswith("License:") and number > first_subpackage):
                found.append(f"-{line}")
        found += [f"+{line}" for line in added if line.split() != ["BuildRequires:", "pkgconfig"]]
    return found


@pytest.mark.parametrize("name", PACKAGES)
def test_spec_cleaner_changes_next_to_nothing(name: str, rendered: Path, tmp_path: Path) -> None:
    spec = rendered / name / f"{name}.spec"
    assert unexpected(spec.read_text("utf-8").splitlines(), cleaned(spec, tmp_path)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Name:           docker", "Name: docker"),
        ("\nRequires:       procps", "\nRequires:       procps, sed"),
    ],
)
def test_spec_cleaner_would_change_what_is_untidy(old: str, new: str, rendered: Path, tmp_path: Path) -> None:
    text = (rendered / "docker" / "docker.spec").read_text("utf-8")
    assert old in text
    untidy = tmp_path / "docker.spec"
    untidy.write_text(text.replace(old, new, 1), "utf-8")
    assert unexpected(untidy.read_text("utf-8").splitlines(), cleaned(untidy, tmp_path))


@pytest.fixture(scope="session")
def configuration() -> Path:
    """openSUSE's configuration of rpmlint."""
    if not shutil.which("checkbashisms"):
        _lacking("checkbashisms, of devscripts, which rpmlint's configuration needs; scripts/setup installs it")
    try:
        return rpmlint.configuration()
    except LookupError as error:
        _lacking(str(error))


def _lacking(what: str) -> NoReturn:
    """Skip where something real is missing; where everything must be there (CI), fail."""
    if os.environ.get("CI"):
        pytest.fail(f"missing: {what}")
    pytest.skip(f"missing: {what}")


def errors(package: Path, target: str, configuration: Path, home: Path) -> list[str]:
    """The errors that rpmlint finds with a target's macros, unused filters of the rpmlintrc apart."""
    (home / ".rpmmacros").write_text(targets.load(target).definitions, "utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    command = [PROGRAMS / "rpmlint", "-c", configuration, package]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    assert "1 specfiles checked" in result.stdout, result.stdout + result.stderr
    lines = [line for line in result.stdout.splitlines() if re.match(r"\S+: E: ", line)]
    return [line for line in lines if ": E: unused-rpmlintrc-filter " not in line]


@pytest.mark.parametrize("target", ["sle12", "sle15sp7", "slfo1.2", "tumbleweed"])
@pytest.mark.parametrize("name", PACKAGES)
def test_rpmlint_finds_no_error(name: str, target: str, rendered: Path, configuration: Path, tmp_path: Path) -> None:
    assert errors(rendered / name, target, configuration, tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("%patch -P 900", "%patch900", "patch-macro-old-format"),
        ("%fillup_prereq", "%no_such_macro", "specfile-error"),
    ],
)
def test_rpmlint_finds_an_error_that_is_there(
    old: str, new: str, error: str, rendered: Path, configuration: Path, tmp_path: Path
) -> None:
    package = tmp_path / "docker"
    shutil.copytree(rendered / "docker", package)
    spec = package / "docker.spec"
    text = spec.read_text("utf-8")
    assert old in text
    spec.write_text(text.replace(old, new), "utf-8")
    assert any(f": E: {error}" in line for line in errors(package, "tumbleweed", configuration, tmp_path))
