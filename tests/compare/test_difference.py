from __future__ import annotations

import msgspec

from generator.compare.difference import compare, compare_files
from generator.compare.facts import Applied, applied
from generator.reading import Dependency, PackageReading, Reading, Scriptlet, SourceReading, View
from generator.sources import External, SourceFile, Sources


def package(name: str, **values: object) -> PackageReading:
    empty = {"version": "1", "release": "0", "arch": "x86_64", "license": "MIT", "url": "", "group": "", "summary": "s"}
    rest = {"description": "d", "dependencies": {}, "scriptlets": {}, "files": ()}
    return PackageReading(name=name, **{**empty, **rest, **values})  # type: ignore[arg-type]


def view(name: str, *readings: Reading, **files: str) -> View:
    content = {f"{name}.spec": "", **files}
    found = {key: SourceFile(key, text.encode()) for key, text in content.items()}
    return View(sources=Sources(name, found), readings=readings, targets={})


def reading(name: str, target: str, *packages: PackageReading, **values: object) -> Reading:
    return Reading(spec=f"{name}.spec", target=target, packages=packages, **values)  # type: ignore[arg-type]


def test_equal_views_do_not_differ() -> None:
    one = view("a", reading("a", "sle15", package("a")))
    assert compare(one, one) == ()


def test_equal_differences_of_several_targets_are_one() -> None:
    before = package("a", dependencies={"requires": (Dependency("b"),)})
    after = package("a", dependencies={"requires": (Dependency("c", ("post",)),)})
    targets = ("sle12", "sle15")
    old = view("a", *(reading("a", target, before) for target in targets))
    new = view("a", *(reading("a", target, after) for target in targets))
    gone, come = compare(old, new)
    assert (gone.before, gone.after, gone.targets) == ("b", None, targets)
    assert (come.before, come.after, come.targets) == (None, "c (post)", targets)


def test_a_changed_value_is_one_difference() -> None:
    old = view("a", reading("a", "sle15", package("a")))
    new = view("a", reading("a", "sle15", package("a", version="2")))
    (found,) = compare(old, new)
    assert (found.subject, found.property, found.before, found.after) == ("a", "version", "1", "2")


def test_twins_are_compared_package_by_package() -> None:
    old = view("a", reading("a", "sle15", package("a"), package("a-doc")))
    new = view("a-stable", reading("a-stable", "sle15", package("a-stable"), package("a-stable-doc")))
    assert compare(old, new) == ()


def test_every_kind_of_fact_is_compared() -> None:
    script = {"post": Scriptlet("/bin/sh", "true")}
    dependency = (Dependency("x"),)
    plain = package("a")
    changes: dict[str, object] = {
        **dict.fromkeys(("version", "release", "arch", "license", "url", "group", "summary", "description"), "other"),
        "dependencies": {"obsoletes": dependency},
        "scriptlets": script,
        "files": ("/x",),
        "file_lists": ("x.lang",),
    }
    for name, value in changes.items():
        changed = msgspec.structs.replace(plain, **{name: value})
        assert compare(view("a", reading("a", "t", plain)), view("a", reading("a", "t", changed))), name
    base = reading("a", "t", plain)
    values: dict[str, object] = {
        "error": "no",
        "log": ("warning",),
        "sources": (SourceReading(1, "x", False),),
        "build_requires": dependency,
        "exclude_arch": ("s390",),
        "exclusive_arch": ("s390",),
        "build_arch": ("noarch",),
        "prep": "x",
        "build": "x",
        "install": "x",
        "check": "x",
        "packages": (),
    }
    for name, value in values.items():
        assert compare(view("a", base), view("a", msgspec.structs.replace(base, **{name: value}))), name


def test_patches_are_told_with_their_tree_and_strip_level() -> None:
    prep = """
cd 'cli-1'
/usr/bin/cat /src/one.patch | /usr/bin/patch -p1 -s --fuzz=0
cd 'engine-1'
echo "Patch #2 (two.patch):"
/usr/bin/patch -p2 -s < /src/two.patch
"""
    sources = tuple(SourceReading(number, f"{name}.patch", True) for number, name in enumerate(("one", "two"), 1))
    assert list(applied(reading("a", "t", prep=prep, sources=sources))) == [
        Applied("one.patch", "cli-1", 1),
        Applied("two.patch", "engine-1", 2),
    ]


def test_files_differ_in_lines() -> None:
    old, new = view("a", x="1\n", y="1\n", z="1\n").sources, view("a", x="1\n", y="2\n", w="1\n").sources
    found = {one.name: one.status for one in compare_files(old, new)}
    assert found == {"w": "added", "y": "changed", "z": "removed"}


def test_a_file_that_one_side_calls_external_is_not_compared() -> None:
    old = view("a", x="1\n").sources
    new = msgspec.structs.replace(view("a").sources, externals=(External("x"),))
    assert compare_files(old, new) == compare_files(new, old) == ()


def test_specs_of_twins_are_compared_with_each_other() -> None:
    old = Sources("a", {"a.spec": SourceFile("a.spec", b"Name: a\n")})
    new = Sources("b", {"b.spec": SourceFile("b.spec", b"Name: b\n")})
    (found,) = compare_files(old, new)
    assert found.diff[2:] == ("@@ -1 +1 @@", "-Name: a", "+Name: b")
