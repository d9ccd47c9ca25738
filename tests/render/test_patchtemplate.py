import email
import email.policy
import random
from pathlib import Path

import pytest

from generator.errors import InputError
from generator.render.patchtemplate import PatchTemplate
from generator.sources.patch import Patch
from generator.upstream.apply import apply_patch
from generator.upstream.tree import Entry, Tree

TOML = """
subject = "thing: call it ${{ not here }}"
author = "Äpfel <a@example.org>"
references = ["bsc#1234567", "CVE-2026-1"]
body = '''
Calls ${{ function }}.
'''

[edits.call]
file = "${{ folder }}/main.go"
anchor = '''
\treturn old()
'''
replacement = '''
\treturn ${{ function }}()
'''

[edits.import]
file = "${{ folder }}/main.go"
anchor = '''
\t"two"
'''

[[generations]]
name = "A"
about = "up to 1"
edits = ["call"]
files = { "${{ folder }}/new.go" = "new.go.j2" }
variables = { folder = "src", function = "call" }

[[generations]]
name = "B"
about = "from 2"
extends = "A"
edits = ["call", "import"]
variables = { folder = "internal" }
"""
NEW = """package main
[% for name in names %]
var ${{ name }} = ${{ function }}
[% endfor %]
"""
MAIN = b'package main\n\nimport (\n\t"two"\n)\n\nfunc f() int {\n\treturn old()\n}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "thing"
    folder.mkdir()
    (folder / "patch.toml").write_text(TOML)
    (folder / "new.go.j2").write_text(NEW)
    return folder


def test_the_patch_is_a_mail_with_a_diff_that_makes_the_new_tree(folder):
    tree = Tree({"internal/main.go": Entry(MAIN), "other": Entry(b"")}, "thing-2")
    rendered = PatchTemplate(folder).render(tree, {"names": ["a", "b"]}, date="Tue, 24 Nov 2026 00:00:00 +0000")
    assert rendered.generation.name == "B"
    assert rendered.tree["internal/new.go"].content == b"package main\nvar a = call\nvar b = call\n"
    assert rendered.tree["internal/main.go"].content == MAIN.replace(b"old()", b"call()")
    patch = Patch.parse("x.patch", rendered.content)
    assert apply_patch(tree, patch).tree == rendered.tree
    assert patch.subject == "thing: call it ${{ not here }}"
    assert patch.author == "Äpfel <a@example.org>"
    assert patch.date == "Tue, 24 Nov 2026 00:00:00 +0000"
    assert patch.values("SUSE-Bug") == ("bsc#1234567", "CVE-2026-1")
    assert patch.body.startswith("Calls call.\n\nSUSE-Bug: bsc#1234567\n")
    mail = email.message_from_bytes(rendered.content, policy=email.policy.default)
    assert mail["Subject"] == "[PATCH] thing: call it ${{ not here }}"
    assert PatchTemplate(folder).render(tree, {"names": ["a", "b"]}, date=patch.date) == rendered


def test_the_generation_is_found_in_the_tree(folder):
    tree = Tree({"src/main.go": Entry(MAIN.replace(b"two", b"one"))})
    rendered = PatchTemplate(folder).render(tree, {"names": []})
    assert rendered.generation.name == "A"
    assert b"Date:" not in rendered.content


def test_what_does_not_fit_names_the_template_the_lines_and_the_generations(folder):
    tree = Tree({"internal/main.go": Entry(MAIN.replace(b"old()", b"old(1)"))}, "thing-3")
    with pytest.raises(InputError) as caught:
        PatchTemplate(folder).render(tree, {"names": []})
    assert str(caught.value).splitlines() == [
        f"{folder}/patch.toml:1: the patch thing fits no generation of thing-3; tried:",
        "  A (up to 1)",
        "    src/main.go: the file is not in the tree",
        "  B (from 2)",
        "    internal/main.go: the anchor 'return old()' does not occur",
        "      8: \treturn old(1)",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('subject = "', 'subjekt = "', "patch.toml:1: this patch template cannot be read: Object contains unknown"),
        ("[edits.call]", "[edits.call", "patch.toml:1: this patch template cannot be read: Expected ']'"),
        ('edits = ["call", "import"]', 'edits = ["gone"]', "the generation B has an unknown edit 'gone'"),
        ('extends = "A"', 'extends = "Z"', "the generation B extends 'Z', which does not stand before it"),
        ('name = "B"', 'name = "A"', "there are two generations A"),
        ("new.go.j2", "gone.j2", "gone.j2: cannot be read"),
        ("${{ function }}()\n", "${{ functoin }}()\n", "edits.call.replacement:1: this template cannot be rendered"),
        ("anchor = '''\n\treturn old()\n'''", 'anchor = "x"', "the edit 'call': anchor and replacement are whole"),
    ],
)
def test_a_faulty_template_is_told_with_its_place(folder, old, new, message):
    (folder / "patch.toml").write_text(TOML.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        PatchTemplate(folder).render(Tree({"src/main.go": Entry(MAIN.replace(b"two", b"one"))}), {"names": []})
    assert message in str(caught.value)
    assert str(folder) in str(caught.value)


def test_a_template_has_no_way_out(folder):
    (folder / "new.go.j2").write_text("${{ names.__class__.__mro__ }}")
    with pytest.raises(InputError, match="cannot be rendered"):
        PatchTemplate(folder).render(Tree({"src/main.go": Entry(MAIN)}), {"names": []})


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(InputError, match="there are docker-buildx-secrets-cli, docker-buildx-secrets-client"):
        PatchTemplate.of_project("nothing")


def test_anchors_hold_against_random_edits(folder):
    chance = random.Random(1233819)
    lines = MAIN.splitlines(keepends=True)
    template = PatchTemplate(folder)
    for _ in range(60):
        at = chance.randrange(len(lines))
        changed = [*lines]
        changed[at : at + chance.randrange(2)] = [b"// %d\n" % chance.randrange(10**9)]
        tree = Tree({"internal/main.go": Entry(b"".join(changed))})
        if b"\treturn old()\n" in changed and b'\t"two"\n' in changed:
            after = template.render(tree, {"names": []}).tree
            assert after["internal/main.go"].content == b"".join(changed).replace(b"old()", b"call()")
        else:
            with pytest.raises(InputError, match="fits no generation"):
                template.render(tree, {"names": []})
