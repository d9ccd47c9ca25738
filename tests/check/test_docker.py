"""Broken facts in docker's definition: each leads to the line of package.yaml where it was written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from generator import targets
from generator.check.run import check
from generator.check.scriptlets import lint
from generator.cli.application import Application
from generator.errors import InputError
from generator.librpm import Librpm

SPECS = Path(__file__).parents[2] / "specs"
TARGETS = ("sle12", "sle15", "slfo1.2", "tumbleweed")

# What is broken: the text of package.yaml, what it becomes, the rule, and what the line that is to blame holds.
BROKEN = {
    "a dependency that an old rpm cannot read": (
        "  - containerd >= 1.7.3\n",
        "  - (containerd >= 1.7.3 or cri-o)\n",
        "dependency-unreadable",
        "or cri-o",
    ),
    "a dependency without its version": (
        "  - iptables >= 1.4\n",
        "  - iptables >=\n",
        "parse-error",
        "iptables >=",
    ),
    "a feature that contradicts an expectation": (
        "    on: gets_buildx\n",
        "    on: always\n",
        "expectation",
        'only: "%{name}-buildx"',
    ),
    "an expectation about a package that does not exist": (
        'only: "%{name}-buildx", because',
        'only: "%{name}-bulidx", because',
        "expectation-unknown-name",
        "bulidx",
    ),
    "a licence that is none": (
        "license: Apache-2.0\ngroup: System/Management\nurl: http://www.docker.io\n",
        "license: Apache 2\ngroup: System/Management\nurl: http://www.docker.io\n",
        "licence-invalid",
        "license: Apache 2",
    ),
    "a patch that no target applies": (
        "  first_sle12: sle_version == 120000\n",
        "  first_sle12: sle_version == 120001\n",
        "patch-not-applied",
        "- number: 200",
    ),
    "a mistyped macro": (
        '  - {path: "%{_bindir}/", source: "%{docker_builddir}/bundles/dynbinary-daemon/dockerd"',
        '  - {path: "%{_bindri}/", source: "%{docker_builddir}/bundles/dynbinary-daemon/dockerd"',
        "macro-unknown",
        "%{_bindri}",
    ),
    "a default that is not of its type": (
        "{name: DOCKER_OPTS, description",
        "{name: DOCKER_OPTS, type: yesno, default: maybe, description",
        "sysconfig-default",
        "maybe",
    ),
    "a path that the administrator's editor does not know": (
        "  docker:\n    source: 120\n",
        "  docker:\n    source: 120\n    path: Sysetm/Management\n",
        "InputError",
        "Sysetm",
    ),
    "the version of a subpackage in a later one": (
        '["%{name} = %{docker_version}", fuse-overlayfs',
        '["%{name} = %{version}", fuse-overlayfs',
        "version-of-subpackage",
        '["%{name} = %{version}", fuse-overlayfs',
    ),
    "a file of /etc/sysconfig": (
        '  - {path: "%{_bindir}/", source: "%{docker_builddir}/bundles/dynbinary-daemon/dockerd"',
        '  - {path: "%{_sysconfdir}/sysconfig/", source: "%{docker_builddir}/bundles/dynbinary-daemon/dockerd"',
        "sysconfig-shipped",
        "_sysconfdir}/sysconfig/",
    ),
    "a unit that the package does not bring": (
        "  docker.socket: {source: 101}\n",
        "  docker.sockte: {source: 101}\n",
        "InputError",
        "docker.sockte",
    ),
    "a service that the server runs": (
        "service: {mode: manual}",
        "service: {mode: trylocal}",
        "InputError",
        "mode: trylocal",
    ),
    "a waiver of nothing": (
        "facts:\n",
        "waive:\n  - {rule: header-vendor, reason: none}\nfacts:\n",
        "waiver-unused",
        "header-vendor",
    ),
}


def blamed(folder: Path, librpm: Librpm, rule: str) -> set[tuple[str, int]]:
    """The files and lines that a rule blames; `InputError` is what loading and rendering object to."""
    try:
        sources = Application(folder).package("docker").sources()
    except InputError as error:
        if rule != "InputError":
            raise
        return {(problem.origin.path.name, problem.origin.line) for problem in error.problems if problem.origin}
    findings = check(librpm.read(sources, [targets.load(name) for name in TARGETS]), lint=lint)
    assert any(finding.rule == rule for finding in findings), [finding.rule for finding in findings]
    places = [(finding.origin, finding.file, finding.line) for finding in findings if finding.rule == rule]
    return {(origin.path.name, origin.line) if origin else (Path(file).name, line) for origin, file, line in places}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(SPECS / "docker", tmp_path / "specs" / "docker")
    return tmp_path / "specs"


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_fact_leads_to_its_line(what: str, folder: Path, librpm: Librpm) -> None:
    old, new, rule, needle = BROKEN[what]
    path = folder / "docker" / "package.yaml"
    text = path.read_text()
    assert text.count(old) >= 1
    text = text.replace(old, new, 1)
    path.write_text(text)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if needle in line]
    found = blamed(folder, librpm, rule)
    assert found & {("package.yaml", number) for number in lines}, (found, lines)


def test_nothing_is_broken(folder: Path, librpm: Librpm) -> None:
    sources = Application(folder).package("docker").sources()
    findings = check(librpm.read(sources, [targets.load(name) for name in sources.targets]), lint=lint)
    assert {finding.rule for finding in findings} <= {"source-external"}
