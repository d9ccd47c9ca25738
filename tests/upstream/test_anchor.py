import random

import pytest

from generator.errors import InputError
from generator.upstream.anchor import AnchoredEdit, apply_edits, missing
from generator.upstream.generation import Generation, choose
from generator.upstream.tree import EXECUTABLE, LINK, Entry, Tree

GO = b"package a\n\nfunc f() error {\n\treturn g(1)\n}\n\nfunc h() {\n\tg(2)\n}\n"
TREE = Tree({"a.go": Entry(GO, EXECUTABLE), "l.go": Entry(b"a.go", LINK)}, "thing-1.0")
EDIT = AnchoredEdit("a.go", "\treturn g(1)\n", "\tif err := g(1); err != nil {\n\t\treturn err\n\t}\n\treturn nil\n")


def test_an_edit_replaces_its_lines_and_keeps_the_rest():
    after = apply_edits(TREE, [EDIT])
    assert after["a.go"] == Entry(GO.replace(EDIT.anchor.encode(), (EDIT.replacement or "").encode()), EXECUTABLE)
    assert after["l.go"] == TREE["l.go"]


def test_edits_are_made_at_once():
    swap = [
        AnchoredEdit("a.go", "func h() {\n", "func f() error {\n"),
        AnchoredEdit("a.go", "func f() error {\n", "func h() {\n"),
    ]
    content = apply_edits(TREE, swap)["a.go"].content
    assert content.index(b"func h") < content.index(b"func f")


def test_anchors_that_overlap_are_a_fault_of_the_edits():
    with pytest.raises(ValueError, match="overlap"):
        apply_edits(TREE, [EDIT, AnchoredEdit("a.go", "func f() error {\n\treturn g(1)\n", "")])


@pytest.mark.parametrize(
    ("path", "anchor", "reason"),
    [
        ("b.go", "x\n", "b.go: the file is not in the tree"),
        ("l.go", "x\n", "l.go: it is a link"),
        ("a.go", "\treturn g(2)\n", "a.go: the anchor 'return g(2)' does not occur\n    4: \treturn g(1)"),
        ("a.go", "return g(1)\n", "a.go: the anchor 'return g(1)' does not occur\n    4: \treturn g(1)"),
        ("a.go", "}\n", "a.go: the anchor '}' occurs 2 times\n    5: }\n    9: }"),
        ("a.go", "\tg(2)\n\tg(3)\n", "a.go: the anchor 'g(2)' does not occur\n    8: \tg(2)"),
    ],
)
def test_what_does_not_fit_is_told_with_the_nearest_lines(path, anchor, reason):
    (miss,) = missing(TREE, [AnchoredEdit(path, anchor, "")])
    assert str(miss) == reason
    with pytest.raises(ValueError, match=r"\.go: "):
        apply_edits(TREE, [AnchoredEdit(path, anchor, "")])


NEW = Generation("B", "from 2", (EDIT, AnchoredEdit("a.go", "func h() {\n")), ("new.go",))
OLD = Generation("A", "up to 1", (EDIT, AnchoredEdit("a.go", "func i() {\n")))


def test_the_generation_whose_anchors_fit_is_chosen():
    assert choose(TREE, [OLD, NEW], "x") is NEW
    before = TREE.replacing({"a.go": Entry(GO.replace(b"func h()", b"func i()"))})
    assert choose(before, [OLD, NEW], "x") is OLD
    assert NEW.apply(TREE, {"new.go": "package a\n"})["new.go"] == Entry(b"package a\n")


def test_no_generation_fits():
    tree = Tree({"a.go": Entry(GO.replace(b"g(1)", b"g(7)"))}, "thing-3.0")
    with pytest.raises(InputError) as caught:
        choose(tree, [NEW, OLD], "the patch template x")
    assert str(caught.value).splitlines() == [
        "the patch template x fits no generation of thing-3.0; tried:",
        "  A (up to 1)",
        "    a.go: the anchor 'return g(1)' does not occur",
        "      4: \treturn g(7)",
        "    a.go: the anchor 'func i() {' does not occur",
        "      3: func f() error {",
        "      7: func h() {",
        "  B (from 2)",
        "    a.go: the anchor 'return g(1)' does not occur",
        "      4: \treturn g(7)",
    ]


def below(*folders: str) -> Tree:
    return Tree({f"{folder}/{path}": entry for folder in folders for path, entry in TREE.items()}, "thing-1.0")


def test_files_that_lie_in_one_folder_are_told():
    with pytest.raises(InputError) as caught:
        choose(below("deep/engine", "cli").replacing({"cli/a.go": None}), [NEW, OLD], "the patch template x")
    assert str(caught.value) == (
        "the patch template x does not fit thing-1.0: the files that it changes lie in deep/engine/"
        " (give that folder itself: thing-1.0/deep/engine)"
    )


def test_files_that_lie_in_two_folders_or_in_the_top_too_give_no_such_hint():
    two = below("engine", "cli")
    for tree in (two, two.replacing({"a.go": Entry(b"package b\n"), "cli/a.go": None})):
        with pytest.raises(InputError, match="fits no generation of") as caught:
            choose(tree, [NEW, OLD], "x")
        assert "lie in" not in str(caught.value)


def test_another_tree_is_told_by_what_it_has():
    tree = Tree({f"folder{number}/x": Entry(b"") for number in range(10)} | {"README": Entry(b"")}, "thing-1.0")
    with pytest.raises(InputError) as caught:
        choose(tree, [NEW, OLD], "x")
    assert str(caught.value).endswith(
        "(none of these files is in it; is it another tree, or another version? At its top are README, folder0,"
        " folder1, folder2, folder3, folder4, folder5, folder6 and 3 more)"
    )


def test_a_file_that_is_there_already_and_two_that_fit_are_refused():
    with pytest.raises(InputError, match=r"new\.go: the file that is to be added is there already"):
        choose(NEW.apply(TREE, {"new.go": ""}).replacing({"a.go": TREE["a.go"]}), [NEW], "x")
    with pytest.raises(InputError, match="fits the generations B and B at once"):
        choose(TREE, [NEW, NEW], "x")


def test_an_edit_outside_the_anchors_commutes_and_one_inside_is_refused():
    chance = random.Random(1233819)
    lines = GO.splitlines(keepends=True)
    inside = lines.index(b"\treturn g(1)\n")
    for _ in range(200):
        at = chance.randrange(len(lines))
        changed = [*lines]
        changed[at] = b"// %d\n" % chance.randrange(10**9)
        tree = Tree({"a.go": Entry(b"".join(changed))})
        if at == inside:
            assert missing(tree, [EDIT])
        else:
            first = b"".join(changed).replace(EDIT.anchor.encode(), (EDIT.replacement or "").encode())
            assert apply_edits(tree, [EDIT])["a.go"].content == first
