"""The project's own patch templates: on small trees written for it, and on Debian's sources of the real thing."""

import random
import re

import pytest

from generator.errors import InputError
from generator.render.patchtemplate import PatchTemplate, RenderedPatch
from generator.render.templates import TEMPLATES
from generator.sources.patch import Patch
from generator.upstream.apply import apply_patch
from generator.upstream.diff import diff_trees
from generator.upstream.tree import Entry, Tree
from tests.upstream.trees import git_apply, gnu_patch

NAMES = sorted(path.parent.name for path in (TEMPLATES / "patches").glob("*/patch.toml"))
ENGINE = "docker-buildx-secrets-engine"

REAL = {
    "engine-20.10": (ENGINE, "A1", ("docker.io", "bookworm", "20.10.24")),
    "engine-26.1": (ENGINE, "B", ("docker.io", "trixie", "26.1.5")),
    "engine-28.5": (ENGINE, "C2", ("docker.io", "sid", "28.5.2")),
    "cli-26.1": ("docker-buildx-secrets-cli", "A", ("docker.io", "trixie", "26.1.5", "orig-cli")),
    "cli-28.5": ("docker-buildx-secrets-cli", "A", ("docker.io", "sid", "28.5.2", "orig-cli")),
    "buildx-0.13": ("docker-buildx-secrets-client", "A", ("docker-buildx", "trixie", "0.13.1")),
    "buildx-0.29": ("docker-buildx-secrets-client", "A", ("docker-buildx", "sid", "0.29.1")),
    "hello-2.10": ("hello-site-greeting", "A", ("hello", "bookworm", "2.10")),
}


END = "	}, networkProviders)\n}\n"
PROXY = """\
	}, networkProviders)
	if err != nil {
		return nil, nil, err
	}
	return exec, proxyProvider, nil
}
"""


def engine(folder: str, executor: str, idmap: str, mount: str, mapping: str, opts: str = "", last: str = "") -> Tree:
    """What the engine's code has around the anchors, in a few lines."""
    code = (
        f"package buildkit\n\nfunc newExecutor() {{\n	{'exec, err :=' if last else 'return'} "
        "runcexecutor.New(runcexecutor.Opt{\n"
        f"		Rootless:            {opts}rootless,\n		IdentityMapping:     {idmap},\n"
        f"{last or END}"
    )
    snapshot = f'package snapshot\n\nimport (\n	"{mount}"\n	"{mapping}"\n)\n'
    files = {f"{folder}/{executor}.go": code, f"{folder}/adapters/snapshot/snapshot.go": snapshot}
    return Tree({path: Entry(text.encode()) for path, text in files.items()}, "a small engine")


OLD, NEW = "builder/builder-next", "daemon/internal/builder-next"
MOUNT1, MOUNT2 = "github.com/containerd/containerd/mount", "github.com/containerd/containerd/v2/core/mount"
IDTOOLS, USER = "github.com/docker/docker/pkg/idtools", "github.com/moby/sys/user"
ENGINES = {
    "A1": engine(OLD, "executor_unix", "idmap", MOUNT1, IDTOOLS),
    "A2": engine(OLD, "executor_unix", "pidmap", MOUNT1, IDTOOLS),
    "B": engine(OLD, "executor_linux", "pidmap", MOUNT1, IDTOOLS),
    "C1": engine(OLD, "executor_linux", "pidmap", MOUNT2, IDTOOLS),
    "C2": engine(OLD, "executor_linux", "pidmap", MOUNT2, USER),
    "C3": engine(NEW, "executor_linux", "pidmap", MOUNT2, USER),
    "C4": engine(NEW, "executor_linux", "idmap", MOUNT2, USER, "opts."),
    "C5": engine(NEW, "executor_linux", "idmap", MOUNT2, USER, "opts.", PROXY),
}
SMALL_CLI = Tree(
    {
        "cmd/docker/builder.go": Entry(
            b"package main\n\nfunc processBuilder() {\n"
            b'	if v := os.Getenv("DOCKER_BUILDKIT"); v != "" {\n		use(v)\n	}\n'
            b"	if disabled {\n		if linux {\n"
            b'			_, _ = fmt.Fprintf(dockerCli.Err(), "%s\\n\\n", buildkitDisabledWarning)\n		}\n	}\n}\n'
        )
    }
)
SMALL_CLIENT = Tree(
    {
        "commands/build.go": Entry(
            b"package commands\n\nfunc toOptions() {\n	opts.Secrets, err = buildflags.ParseSecretSpecs(o.secrets)\n}\n"
        )
    }
)


def check(tree: Tree, rendered: RenderedPatch, tmp_path) -> None:
    """The patch applies exactly, alone, with three programs, and gives the tree that it was made from."""
    patch = Patch.parse("x.patch", rendered.content)
    applied = apply_patch(tree, patch)
    assert applied.tree == rendered.tree
    assert applied.moved == ()
    touched = {path for file in patch.files for path in (file.stripped(file.old_path), file.stripped(file.new_path))}
    part, wanted = (Tree({p: e for p, e in whole.items() if p in touched}) for whole in (tree, rendered.tree))
    assert gnu_patch(part, rendered.content, tmp_path) == wanted
    assert git_apply(part, rendered.content, tmp_path) == wanted


def changed(before: Tree, after: Tree) -> dict[str, bytes]:
    return {path: entry.content for path, entry in after.items() if before.get(path) != entry}


def new_files(before: Tree, after: Tree) -> dict[str, bytes]:
    return {path: content for path, content in changed(before, after).items() if path not in before}


@pytest.mark.parametrize("generation", ENGINES)
def test_the_engine_patch_on_a_small_tree_of_each_generation(tmp_path, generation):
    tree = ENGINES[generation]
    rendered = PatchTemplate.of_project(ENGINE).render(tree)
    assert rendered.generation.name == generation
    check(tree, rendered, tmp_path)
    code = next(
        content for path, content in changed(tree, rendered.tree).items() if re.search(r"_(unix|linux)\.go$", path)
    )
    assert b"withSUSESecrets(exec, " in code


SMALL = {
    **{f"engine {generation}": (ENGINE, tree) for generation, tree in ENGINES.items()},
    "cli": ("docker-buildx-secrets-cli", SMALL_CLI),
    "client": ("docker-buildx-secrets-client", SMALL_CLIENT),
}


@pytest.mark.parametrize(("name", "tree"), [SMALL["cli"], SMALL["client"]])
def test_the_other_strategies_on_a_small_tree(tmp_path, name, tree):
    rendered = PatchTemplate.of_project(name).render(tree)
    check(tree, rendered, tmp_path)
    assert "\n+" in rendered.content.decode()


@pytest.mark.parametrize("case", SMALL)
def test_new_files_are_laid_out_like_go(case):
    """What gofmt would change first where a template goes wrong; it needs no Go."""
    name, tree = SMALL[case]
    for path, content in new_files(tree, PatchTemplate.of_project(name).render(tree).tree).items():
        text = content.decode()
        lines = text.split("\n")
        assert text.endswith("}\n"), path
        assert not [line for line in lines if line != line.rstrip()], path
        assert "\n\n\n" not in text, path
        outside = re.sub(r"`[^`]*`", "``", text).split("\n")
        assert not [line for line in outside if re.match(r"\t* +(?!\*)\S", line)], path
        imports = re.search(r"\nimport \((.*?)\n\)", text, re.DOTALL)
        for block in imports[1].split("\n\n") if imports else ():
            paths = re.findall(r'"(.*)"', block)
            assert paths == sorted(paths), path


@pytest.mark.parametrize("case", SMALL)
def test_new_files_are_formatted(gofmt, case):
    name, tree = SMALL[case]
    for path, content in new_files(tree, PatchTemplate.of_project(name).render(tree).tree).items():
        assert gofmt(content) == content, path


@pytest.mark.parametrize("name", NAMES)
def test_a_tree_without_the_anchors_is_refused_with_every_generation(name):
    with pytest.raises(InputError, match=rf"the patch {name} (fits no generation of|does not fit) nothing") as caught:
        PatchTemplate.of_project(name).render(Tree({"README": Entry(b"x")}, "nothing"))
    for table in PatchTemplate.of_project(name).table.generations:
        assert f"  {table.name} ({table.about})" in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_the_templates_are_free_of_the_distribution_series(name):
    """They stand alone: no name of theirs may be one of SUSE's own patches' files."""
    template = PatchTemplate.of_project(name)
    assert template.table.references
    for table in template.table.generations:
        assert not any("daemon/suse" in path for path in table.files)


@pytest.mark.parametrize("case", REAL)
def test_the_real_thing(tmp_path, debian_tree, case):
    name, generation, source = REAL[case]
    tree = debian_tree(*source)
    rendered = PatchTemplate.of_project(name).render(tree)
    assert rendered.generation.name == generation
    check(tree, rendered, tmp_path)


@pytest.mark.parametrize("case", [case for case in REAL if not case.startswith("hello")])
def test_the_real_thing_is_formatted(debian_tree, gofmt, case):
    name, _, source = REAL[case]
    tree = debian_tree(*source)
    for path, content in changed(tree, PatchTemplate.of_project(name).render(tree).tree).items():
        assert gofmt(content) == content, path


def edited(text: bytes, chance: random.Random) -> bytes:
    """The lines after somebody put some in, took some out or changed them."""
    lines = text.splitlines(keepends=True)
    at = chance.randrange(len(lines) + 1)
    lines[at : at + chance.randrange(3)] = [b"// %d\n" % chance.randrange(10**9) for _ in range(chance.randrange(3))]
    return b"".join(lines)


def test_two_hundred_edits_of_a_real_tree(debian_tree):
    """Outside the anchors patching the edited tree is editing the patched tree; inside an anchor it is refused."""
    name, _, source = REAL["engine-26.1"]
    whole = debian_tree(*source)
    tree = Tree({path: entry for path, entry in whole.items() if path.startswith("builder/builder-next/")})
    template = PatchTemplate.of_project(name)
    first = template.render(tree)
    edits = first.generation.edits
    chance = random.Random(1233819)
    refused = 0
    for _ in range(200):
        path = chance.choice([edit.path for edit in edits])
        here = [edit for edit in edits if edit.path == path]
        # The file as pieces outside the anchors (even) and anchors (odd), before and after the patch.
        anchors = "|".join(re.escape(edit.anchor) for edit in here)
        before = re.split(f"(?m:^)({anchors})", tree[path].content.decode())
        replaced = {edit.anchor: edit.anchor if edit.replacement is None else edit.replacement for edit in here}
        after = [replaced.get(piece, piece) if index % 2 else piece for index, piece in enumerate(before)]
        assert "".join(after).encode() == first.tree[path].content
        at = chance.randrange(len(before))
        new = edited(before[at].encode(), chance).decode()
        if at % 2 and new != before[at]:
            broken = tree.replacing({path: Entry("".join([*before[:at], new, *before[at + 1 :]]).encode())})
            if new.startswith(before[at]) or new.endswith(before[at]):
                continue  # the edit is beside the anchor
            with pytest.raises(InputError, match="fits no generation"):
                template.render(broken)
            refused += 1
        elif not at % 2:
            edit_first = Entry("".join([*before[:at], new, *before[at + 1 :]]).encode())
            patch_first = Entry("".join([*after[:at], new, *after[at + 1 :]]).encode())
            result = template.render(tree.replacing({path: edit_first}))
            assert result.tree == first.tree.replacing({path: patch_first})
            assert diff_trees(tree.replacing({path: edit_first}), result.tree) in result.content
    assert refused > 20
