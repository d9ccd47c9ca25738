from generator.upstream.tree import LINK, Entry, Tree


def test_the_one_top_folder_is_left_out():
    assert Tree({"a-1/x": Entry(b"1"), "a-1/y/z": Entry(b"2")}).without_top() == Tree(
        {"x": Entry(b"1"), "y/z": Entry(b"2")}
    )


def test_several_tops_and_a_lone_file_stay():
    for paths in (["a/x", "b/x"], ["a/x", "b"], ["a"], []):
        tree = Tree({path: Entry(b"") for path in paths})
        assert tree.without_top() == tree


def test_a_folder_of_a_tree():
    tree = Tree({"a/b/x": Entry(b"1"), "a/y": Entry(b"2"), "ab": Entry(b"3")}, "thing")
    assert tree.below("a") == Tree({"b/x": Entry(b"1"), "y": Entry(b"2")})
    assert tree.below("a/b").name == "thing/a/b"
    assert not tree.below("ab")


def test_replacing_puts_in_and_takes_out_and_leaves_the_first_tree_alone():
    before = Tree({"a": Entry(b"1"), "b": Entry(b"2")})
    after = before.replacing({"a": None, "b": Entry(b"3"), "c": Entry(b"4"), "never": None})
    assert dict(after) == {"b": Entry(b"3"), "c": Entry(b"4")}
    assert dict(before) == {"a": Entry(b"1"), "b": Entry(b"2")}


def links(**targets: str) -> Tree:
    return Tree({path.replace("_", "/"): Entry(target.encode(), LINK) for path, target in targets.items()})


def test_links_that_stay_inside():
    tree = links(a="b", b_c="../d", b_e="./../b/../b", loop="loop", gone="nowhere/at/all", b_f="..")
    assert not any(tree.leads_outside(path) for path in tree)


def test_links_that_leave():
    for tree in (links(a="/etc"), links(a=".."), links(a_b="../../x"), links(a="b/../../c")):
        assert all(tree.leads_outside(path) for path in tree)


def test_a_link_that_leaves_through_another():
    tree = links(s_t_l="../..", s_t_m="l/../x")
    assert not tree.leads_outside("s/t/l")
    assert tree.leads_outside("s/t/m")
