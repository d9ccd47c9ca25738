"""A GOPATH of Debian's packages with docker's sources laid over it: no module proxy, nothing of the machine's own Go.

Debian's own series makes those sources build with Debian's libraries; it also stands for the series of a distribution,
after which the patches of this project must apply.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from generator.render.patchtemplate import PatchTemplate
from generator.sources.patch import Patch
from generator.upstream.anchor import AnchoredEdit, apply_edits
from generator.upstream.archive import read_tree
from generator.upstream.series import Step, apply_series
from generator.upstream.tree import Entry, Tree
from tests.upstream import debian
from tests.upstream.trees import write

TAGS = "exclude_graphdriver_btrfs netgo osusergo static_build seccomp"
TEMPLATES = {
    "docker": "docker-buildx-secrets-engine",
    "cli": "docker-buildx-secrets-cli",
    "buildx": "docker-buildx-secrets-client",
}
"""The patch template for each of the projects below github.com/docker."""


@dataclass(frozen=True)
class Release:
    """A docker.io of Debian, and what of its source lies where below github.com.

    `components` are its archives by the folder that Debian unpacks each in; the main one has its folder itself.
    """

    suite: str
    version: str
    components: tuple[str, ...]
    folders: Mapping[str, str]


RELEASES = {
    "A": Release(
        "bookworm",
        "20.10.24",
        ("cli", "libnetwork", "swarmkit"),
        {name: f"docker/{name}" for name in ("cli", "libnetwork", "swarmkit")} | {"engine": "docker/docker"},
    ),
    "B": Release(
        "trixie",
        "26.1.5",
        ("cli", "buildkit"),
        {"cli": "docker/cli", "buildkit": "moby/buildkit", "engine": "docker/docker"},
    ),
    "C": Release("sid", "28.5.2", ("cli",), {"cli": "docker/cli", "engine": "docker/docker"}),
}
"""The releases that show the engine's generations."""


@cache
def packages(generation: str) -> Path:
    """The root that Go itself and the libraries are unpacked in."""
    release = RELEASES[generation]
    sources = ("docker.io", "docker-buildx") if generation == "B" else ("docker.io",)
    names = debian.build_dependencies(release.suite, *sources)
    wanted = [name for name in names if name.startswith("golang-") and (name.endswith("-dev") or "-1." in name)]
    return debian.unpacked(release.suite, *wanted, name="gocode")


@cache
def sources(generation: str) -> dict[str, Tree]:
    """The trees below the GOPATH's src by their paths, with Debian's series, so that they build with its libraries."""
    release = RELEASES[generation]
    whole: dict[str, Entry] = dict(read_tree(_archive(release, "orig")))
    for component in release.components:
        whole |= {
            f"{component}/{path}": entry for path, entry in read_tree(_archive(release, f"orig-{component}")).items()
        }
    patched = apply_series(Tree(whole), map(Step, _series(release))).tree
    found = {f"github.com/{path}": patched.below(folder) for folder, path in release.folders.items()}
    return {"A": lambda trees: trees, "B": _with_buildx, "C": _with_libraries}[generation](found)


def _archive(release: Release, component: str) -> Path:
    return debian.source("docker.io", release.suite, release.version, component)


def _series(release: Release) -> Iterator[Patch]:
    """Debian's patches for what is there, as the registry does not give every component of every release."""
    there = {*release.folders, *release.components}
    with tarfile.open(_archive(release, "debian")) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}  # type: ignore[union-attr]
    for line in files["debian/patches/series"].decode().splitlines():
        name = line.partition("#")[0].strip()
        if name:
            patch = Patch.parse(name, files[f"debian/patches/{name}"])
            if {file.path.split("/")[1] for file in patch.files} <= there:
                yield patch


def _with_buildx(trees: dict[str, Tree]) -> dict[str, Tree]:
    """Generation B has buildx, too; the engine's and BuildKit's copies of each other would hide the real ones."""
    buildx = "github.com/docker/buildx"
    package = debian.unpacked("trixie", "golang-github-docker-buildx-dev") / "usr/share/gocode/src"
    engine, buildkit = trees["github.com/docker/docker"], trees["github.com/moby/buildkit"]
    return trees | {
        buildx: read_tree(package / buildx),
        "github.com/docker/docker": _without(engine, "vendor/github.com/moby/buildkit/"),
        "github.com/moby/buildkit": _without(buildkit, "vendor/github.com/docker/"),
    }


def _with_libraries(trees: dict[str, Tree]) -> dict[str, Tree]:
    """Generation C's BuildKit comes from a binary package; it shares the libraries that only the engine brings along.

    The go.mod files let Go find libraries of a higher major version, as it does for code that has one.
    """
    package = debian.unpacked("sid", "golang-github-docker-docker-dev=28.5.2*", name="docker-dev-28.5.2")
    below = {path: read_tree(package / "usr/share/gocode/src" / path) for path in _OF_BINARY_PACKAGE}
    engine = trees["github.com/docker/docker"]
    libraries = engine.below("vendor")
    module = "github.com/moby/swarmkit/v2"
    return {
        "": libraries.replacing({f"{module}/go.mod": _module(module)}),
        **trees,
        "github.com/docker/docker": _without(engine, "vendor/"),
        **{path: tree.replacing({"go.mod": _module(path)}) for path, tree in below.items()},
    }


_OF_BINARY_PACKAGE = ("github.com/moby/buildkit", "github.com/tonistiigi/go-csvvalue")


def _module(path: str) -> Entry:
    return Entry(f"module {path}\n".encode())


def _without(tree: Tree, folder: str) -> Tree:
    return tree.replacing({path: None for path in tree if path.startswith(folder)})


class Workspace:
    """A GOPATH in a folder, with the sources of a generation's release, and Go's commands in it.

    `patched` are the projects that get their patch; `edits` are made in the engine on top.
    """

    def __init__(
        self,
        folder: Path,
        patched: tuple[str, ...] = tuple(TEMPLATES),
        edits: tuple[AnchoredEdit, ...] = (),
        generation: str = "B",
    ) -> None:
        self.folder = folder
        for path, tree in sources(generation).items():
            project = path.removeprefix("github.com/docker/")
            if project in patched and project in TEMPLATES:
                tree = PatchTemplate.of_project(TEMPLATES[project]).render(tree).tree  # noqa: PLW2901 -- the same, patched
            if project == "docker":
                tree = apply_edits(tree, edits)  # noqa: PLW2901 -- as above
            write(tree, folder / "src" / path)
        root = packages(generation) / "usr"
        (go,) = root.glob("lib/go-*")
        self.environment = {
            "PATH": f"{go}/bin:{os.environ['PATH']}",
            "HOME": str(folder),
            "GOROOT": str(go),
            "GOPATH": f"{folder}:{root}/share/gocode",
            "GOCACHE": str(debian.CACHE.parent / "go-build"),
            "GOFLAGS": "-trimpath",  # else nothing that one workspace compiled counts in another folder
            "GO111MODULE": "off",
            "GOTOOLCHAIN": "local",
            "CGO_ENABLED": "0",
        }

    def go(self, project: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Go below github.com/docker/PROJECT, kindly to others on this machine."""
        return subprocess.run(
            ["nice", "-n", "15", "go", *arguments],
            cwd=self.folder / "src/github.com/docker" / project,
            env=self.environment,
            capture_output=True,
            text=True,
        )

    def remove(self) -> None:
        """Take the folder away; it is large."""
        shutil.rmtree(self.folder, ignore_errors=True)
