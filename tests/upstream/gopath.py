"""A GOPATH of Debian's packages with docker's sources laid over it: no module proxy, nothing of the machine's own Go.

Debian's own series makes those sources build with Debian's libraries; it also stands for the series of a distribution,
after which the patches of this project must apply.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
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

SUITE = "trixie"
TAGS = "exclude_graphdriver_btrfs netgo osusergo static_build seccomp"
TEMPLATES = {
    "docker": "docker-buildx-secrets-engine",
    "cli": "docker-buildx-secrets-cli",
    "buildx": "docker-buildx-secrets-client",
}
"""The patch template for each of the projects below github.com/docker."""


@cache
def packages() -> Path:
    """The root that Go itself and the libraries are unpacked in."""
    names = debian.build_dependencies(SUITE, "docker.io", "docker-buildx")
    wanted = [name for name in names if name.startswith("golang-") and (name.endswith("-dev") or "-1." in name)]
    return debian.unpacked(SUITE, *wanted, name="gocode")


@cache
def sources() -> dict[str, Tree]:
    """The trees below github.com by their paths, with Debian's series, without what would hide Debian's libraries."""
    whole: dict[str, Entry] = {}
    for component, folder in (("orig", ""), ("orig-cli", "cli/"), ("orig-buildkit", "buildkit/")):
        tree = read_tree(debian.source("docker.io", SUITE, "26.1.5", component))
        whole |= {f"{folder}{path}": entry for path, entry in tree.items()}
    with tarfile.open(debian.source("docker.io", SUITE, "26.1.5", "debian")) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    names = [line.split()[0] for line in files["debian/patches/series"].decode().splitlines() if line.strip("# ")]
    patches = [
        Patch.parse(name, files[f"debian/patches/{name}"]) for name in names if f"debian/patches/{name}" in files
    ]
    patched = apply_series(Tree(whole), map(Step, patches)).tree  # type: ignore[arg-type]  # entries
    buildx = debian.unpacked(SUITE, "golang-github-docker-buildx-dev") / "usr/share/gocode/src/github.com/docker/buildx"
    return {
        "docker/docker": _below(patched, "engine/", "vendor/github.com/moby/buildkit/"),
        "docker/cli": _below(patched, "cli/"),
        "docker/buildx": read_tree(buildx),
        "moby/buildkit": _below(patched, "buildkit/", "vendor/github.com/docker/"),
    }


def _below(tree: Tree, folder: str, without: str = "\0") -> Tree:
    found = {path.removeprefix(folder): entry for path, entry in tree.items() if path.startswith(folder)}
    return Tree({path: entry for path, entry in found.items() if not path.startswith(without)}, folder)


class Workspace:
    """A GOPATH in a folder, and Go's commands in it.

    `patched` are the projects that get their patch; `edits` are made in the engine on top.
    """

    def __init__(
        self, folder: Path, patched: tuple[str, ...] = tuple(TEMPLATES), edits: tuple[AnchoredEdit, ...] = ()
    ) -> None:
        self.folder = folder
        for path, tree in sources().items():
            project = path.removeprefix("docker/")
            if project in patched and project in TEMPLATES:
                tree = PatchTemplate.of_project(TEMPLATES[project]).render(tree).tree  # noqa: PLW2901 -- the same, patched
            if project == "docker":
                tree = apply_edits(tree, edits)  # noqa: PLW2901 -- as above
            write(tree, folder / "src/github.com" / path)
        root = packages() / "usr"
        self.environment = {
            "PATH": f"{root}/lib/go-1.24/bin:{os.environ['PATH']}",
            "HOME": str(folder),
            "GOROOT": f"{root}/lib/go-1.24",
            "GOPATH": f"{folder}:{root}/share/gocode",
            "GOCACHE": str(debian.CACHE.parent / "go-build"),
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
