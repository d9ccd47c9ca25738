"""--upstream: patches that are rendered for the tree at hand, and the series that is tried on it."""

from __future__ import annotations

import io
import re
import shutil
import tarfile
from pathlib import Path

import pytest

from generator.cli.remembered import recalled
from generator.sources.changes import Changes
from generator.sources.patch import Patch
from generator.upstream.apply import apply_patch
from generator.upstream.archive import read_tree
from generator.upstream.tree import Tree
from tests.upstream.test_templates import ENGINES, SMALL_CLI, SMALL_CLIENT
from tests.upstream.trees import write

from .conftest import ROOT, Run

TREES = {"engine": ("engine", ENGINES["B"]), "cli": ("cli", SMALL_CLI), "client": ("buildx", SMALL_CLIENT)}


@pytest.fixture
def upstream(tmp_path: Path) -> dict[str, str]:
    """The arguments of --upstream by strategy."""
    for tree, content in TREES.values():
        write(content, tmp_path / tree)
    return {strategy: f"{tree}={tmp_path / tree}" for strategy, (tree, _) in TREES.items()}


@pytest.mark.parametrize("package", ["docker", "docker-stable"])
@pytest.mark.parametrize("strategy", TREES)
def test_a_strategy_reaches_the_whole_package(
    run: Run, tmp_path: Path, upstream: dict[str, str], strategy: str, package: str
) -> None:
    result = run("render", package, "--set", f"buildx-secrets={strategy}", "--upstream", upstream[strategy])
    assert (result.code, result.err) == (0, "")
    folder = tmp_path / "rendered" / package
    (patch,) = (path for path in folder.glob("*.patch"))
    applied = apply_patch(TREES[strategy][1], Patch.parse(patch.name, patch.read_bytes()))
    assert applied.tree != TREES[strategy][1]
    spec = (folder / f"{package}.spec").read_text()
    (tag,) = (line for line in spec.splitlines() if patch.name in line)
    number = tag.split(":")[0].removeprefix("Patch")
    assert f"\n%patch -P {number} -p1\n" in spec
    newest = Changes.parse("x", (folder / f"{package}.changes").read_bytes()).newest
    assert newest is not None
    assert f"  * {patch.name}\n" in newest.raw.decode()
    assert "do not see it (bsc#1233819)" not in (folder / "README_SUSE.md").read_text().replace("\n", " ") or (
        strategy == "cli"
    )


@pytest.mark.parametrize("strategy", ["spec", *TREES])
def test_a_strategy_holds_on_every_target(run: Run, upstream: dict[str, str], strategy: str) -> None:
    """The expectations follow the choice: buildx on SLE 15 and newer or not at all, never on SLE 12."""
    given = ("--upstream", upstream[strategy]) if strategy in upstream else ()
    result = run(
        "check", "docker", "docker-stable", "--set", f"buildx-secrets={strategy}", *given, "--no-cache", "--strict"
    )
    assert (result.code, result.err) == (0, ""), result.out
    assert "patch-does-not-apply" not in result.out


def test_without_the_tree_the_default_renders_and_another_choice_says_what_is_missing(run: Run, tmp_path: Path) -> None:
    assert run("render", "docker").code == 0
    assert not list((tmp_path / "rendered/docker").glob("*.patch"))
    result = run("render", "docker", "--set", "buildx-secrets=client")
    assert result.code == 2
    assert "is made for the upstream tree buildx, which is not here (give it with --upstream buildx=PATH" in result.err
    assert "package.yaml:" in result.err


def test_the_archive_is_found_in_a_folder_with_the_series_before_it(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "supply"
    folder.mkdir()
    path = "builder/builder-next/executor_linux.go"
    code = ENGINES["B"][path].content
    with tarfile.open(folder / "docker-27.4.1_ce_c710b88579fc.tar.xz", "w:xz") as tar:
        for name, entry in ENGINES["B"].items():
            info = tarfile.TarInfo(f"docker-27.4.1/{name}")
            info.size = len(entry.content)
            tar.addfile(info, io.BytesIO(entry.content))
    first = "0001-SECRETS-daemon-allow-directory-creation-in-run-secre.patch"
    count = code.count(b"\n")
    diff = f"--- a/{path}\n+++ b/{path}\n@@ -{count - 1},2 +{count - 1},3 @@\n }}, networkProviders)\n }}\n+// SUSE\n"
    (folder / first).write_text(diff.replace(" }, net", " \t}, net"))
    arguments = ("docker", "--set", "buildx-secrets=engine", "--sources", folder)
    assert run("render", *arguments).code == 0
    patch = next((tmp_path / "rendered/docker").glob("0006-*.patch"))
    assert b"\n // SUSE\n" in patch.read_bytes()
    tree = read_tree(next(folder.glob("*.xz")))
    assert apply_patch(
        tree.replacing({path: tree[path].__class__(code + b"// SUSE\n")}), Patch.parse("x", patch.read_bytes())
    )
    (folder / first).write_text(diff.replace(" }, net", " \t}, knot"))
    result = run("render", *arguments)
    assert result.code == 2
    assert f"{first}:3: {path}: the hunk @@" in result.err
    assert "now in lines" in result.err


def test_a_rejected_hunk_is_shown_with_all_its_lines(run: Run, tmp_path: Path, upstream: dict[str, str]) -> None:
    folder = tmp_path / "supply"
    folder.mkdir()
    name = "0001-SECRETS-daemon-allow-directory-creation-in-run-secre.patch"
    (path, *_) = ENGINES["B"]
    context = [
        f"\tline {number} of what this hunk expects, which is written out at some length\n" for number in range(12)
    ]
    hunk = "".join(f" {line}" for line in context)
    (folder / name).write_text(f"--- a/{path}\n+++ b/{path}\n@@ -1,12 +1,13 @@\n{hunk}+one more\n")
    arguments = ("--set", "buildx-secrets=engine", "--sources", folder, "--upstream", upstream["engine"])
    result = run("render", "docker", *arguments)
    assert result.code == 2
    assert f"{name}:3: {path}" in result.err
    assert all(line.strip() in result.err for line in context)
    assert "now in lines" in result.err


def test_check_tells_which_patch_does_not_apply_where(run: Run, tmp_path: Path, upstream: dict[str, str]) -> None:
    folder = tmp_path / "supply"
    folder.mkdir()
    name = "0003-BUILD-SLE12-revert-graphdriver-btrfs-use-kernel-UAPI.patch"
    (folder / name).write_text("--- a/daemon/x.go\n+++ b/daemon/x.go\n@@ -1 +1 @@\n-a\n+b\n")
    result = run("check", "docker", "--no-cache", "--sources", folder, "--upstream", upstream["engine"])
    assert result.code == 1
    assert "engine: daemon/x.go is not in the tree" in " ".join(result.out.split())
    assert "[patch-does-not-apply]" in result.out
    assert "on sle12" in result.out


def test_wrong_names_and_trees_are_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    wrong = run("check", "docker", "--upstream", f"motor={tmp_path / 'tree'}")
    assert (wrong.code, "trees: cli, buildx, engine" in wrong.err) == (2, True)
    assert "is not TREE=PATH" in run("check", "docker", "--upstream", "engine").err
    assert "there is no nowhere" in run("render", "docker", "--upstream", "engine=nowhere").err
    (tmp_path / "bad.tar").write_bytes(b"no archive")
    damaged = run("check", "docker", "--upstream", f"engine={tmp_path / 'bad.tar'}")
    assert (damaged.code, "no archive of a kind known here" in damaged.err) == (2, True)
    nothing = run("check", "docker", "--upstream", f"engine={tmp_path / 'tree'}")
    assert (nothing.code, "tree: there is no file in it" in nothing.err) == (2, True)


@pytest.mark.parametrize("command", [("check", "docker", "--no-cache"), ("render", "docker")])
def test_a_choice_without_its_tree_is_refused_alike(
    run: Run, upstream: dict[str, str], command: tuple[str, ...]
) -> None:
    for given in ((), ("--upstream", upstream["client"])):
        result = run(*command, "--set", "buildx-secrets=engine", *given)
        assert result.code == 2
        assert "package.yaml:" in result.err
        assert "0006-bsc1233819-builder-next-offer-the-SUSE-secrets-to-RUN.patch is made for the upstream" in result.err
        assert "(give it with --upstream engine=PATH, or put docker-27.4.1_ce_c710b88579fc.tar.xz into" in result.err
        assert result.out == ""


def test_a_patch_that_was_rendered_before_is_taken_unless_the_tree_is_there(
    run: Run, tmp_path: Path, upstream: dict[str, str]
) -> None:
    name = "0006-bsc1233819-builder-next-offer-the-SUSE-secrets-to-RUN.patch"
    arguments = ("docker", "--set", "buildx-secrets=engine")
    assert run("render", *arguments, "--upstream", upstream["engine"]).code == 0
    made = (tmp_path / "rendered/docker" / name).read_bytes()
    assert run("render", *arguments).code == 0, "it lies in the directory already"
    folder = tmp_path / "supply"
    folder.mkdir()
    (folder / name).write_bytes(b"by hand\n" + made)
    assert run("render", *arguments, "-o", "kept", "--sources", folder).code == 0
    assert (tmp_path / "kept" / name).read_bytes() == b"by hand\n" + made
    assert run("render", *arguments, "-o", "made", "--sources", folder, "--upstream", upstream["engine"]).code == 0
    assert (tmp_path / "made" / name).read_bytes() == made
    assert run("check", *arguments, "--no-cache", "--sources", folder).code == 0


def test_a_diff_shows_the_patch_that_a_template_gives(run: Run, upstream: dict[str, str]) -> None:
    result = run("diff", "docker", "docker", "--set", "buildx-secrets=engine", "--upstream", upstream["engine"])
    assert (result.code, result.err) == (1, "")
    assert "+++ docker/0006-bsc1233819-builder-next-offer-the-SUSE-secrets-to-RUN.patch" in result.out
    assert "+Subject: [PATCH] builder-next: offer the SUSE secrets to RUN" in result.out
    refused = run("diff", "docker", "docker", "--upstream", "motor=.")
    assert (refused.code, "docker has no such tree" in refused.err) == (2, True)


def test_a_diff_with_a_rendered_directory_is_equal_with_all_that_is_at_hand(
    run: Run, tmp_path: Path, upstream: dict[str, str]
) -> None:
    folder = tmp_path / "supply"
    folder.mkdir()
    (folder / "cli-0001-docs-include-required-tools-in-source-tree.patch").write_text("--- a/x\n+++ b/x\n")
    (folder / "docker-27.4.1_ce_c710b88579fc.tar.xz").touch()
    given = ("--set", "buildx-secrets=client", "--upstream", upstream["client"], "--sources", folder)
    assert run("render", "docker", *given).code == 0
    result = run("diff", "rendered/docker", "docker", *given)
    assert (result.code, result.err) == (0, ""), result.out
    assert "The packages are the same" in result.out


@pytest.mark.parametrize("command", ["render", "check", "diff", "submit"])
def test_a_tree_that_is_given_twice_is_refused(run: Run, upstream: dict[str, str], command: str) -> None:
    packages = {"diff": ("docker", "docker"), "submit": ("docker", "--to", "test")}.get(command, ("docker",))
    result = run(command, *packages, "--upstream", upstream["engine"], "--upstream", upstream["engine"])
    assert result.code == 2
    assert "engine is given twice: " in result.err


def test_a_directory_that_names_no_trees_takes_one(run: Run, tmp_path: Path, upstream: dict[str, str]) -> None:
    assert run("render", "docker").code == 0
    one = run("check", "rendered/docker", "--no-cache", "--trust", "--upstream", upstream["engine"])
    assert "upstream-series-incomplete" in one.out
    two = run("check", "rendered/docker", "--upstream", upstream["engine"], "--upstream", upstream["client"])
    assert two.code == 2
    assert "does not tell which of the trees engine, buildx a patch is for" in two.err


def test_a_tree_in_a_folder_of_what_is_given_is_told_and_taken(run: Run, tmp_path: Path) -> None:
    """As Debian has the engine and the command in folders of one source."""
    both = {f"{name}/{path}": entry for name, tree in TREES.values() for path, entry in tree.items()}
    write(Tree(both), tmp_path / "docker.io")
    with tarfile.open(tmp_path / "docker.io.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "docker.io", "docker.io-1")
    for given in ("docker.io", "docker.io.tar.xz"):
        arguments = ("render", "docker", "-o", "x", "--set", "buildx-secrets=engine", "--upstream")
        result = run(*arguments, f"engine={given}")
        assert result.code == 2
        assert re.search(r"error: .*specs/docker/package\.yaml:\d+: the patch \S+ does not fit", result.err)
        assert f"the files that it changes lie in engine/ (give that folder itself: {given}/engine)" in result.err
        assert run(*arguments, f"engine={given}/engine").code == 0
        patch = next((tmp_path / "x").glob("0006-*.patch"))
        assert b"+++ b/builder/builder-next/executor_linux.go" in patch.read_bytes()
        patch.unlink()
    assert "there is no folder motor in it (it has buildx, cli, engine)" in run(*arguments, f"engine={given}/motor").err


def test_a_remembered_check_is_forgotten_with_another_archive(
    run: Run, tmp_path: Path, upstream: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    arguments = ["check", "docker", "--upstream", "engine=x.tar/engine"]
    monkeypatch.setattr("sys.argv", ["specgen", *arguments])
    archive = tmp_path / "x.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(tmp_path / "engine", "x/engine")
        tar.add(tmp_path / "buildx", "x/buildx")
    assert run(*arguments).code == recalled(arguments) == 0
    with tarfile.open(archive, "a") as tar:
        tar.add(tmp_path / "cli", "x/cli")
    assert recalled(arguments) is None


def test_a_template_that_is_not_there_is_told_where_it_is_asked_for(run: Run, tmp_path: Path) -> None:
    specs = tmp_path / "specs"
    shutil.copytree(ROOT / "specs/docker", specs / "docker")
    definition = specs / "docker/package.yaml"
    definition.write_text(definition.read_text().replace("template: docker-buildx-secrets-engine", "template: nothing"))
    write(ENGINES["B"], tmp_path / "engine")
    arguments = ("--set", "buildx-secrets=engine", "--upstream", f"engine={tmp_path / 'engine'}")
    result = run("--specs", specs, "render", "docker", *arguments)
    assert result.code == 2
    assert re.search(r"docker/package\.yaml:\d+: there is no patch template 'nothing' \(there are docker-", result.err)
