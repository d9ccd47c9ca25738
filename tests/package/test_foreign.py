from pathlib import PurePosixPath

import pytest

from generator.errors import InputError, RefusalError
from generator.origin import Edit, Origin
from generator.package.disk import LargeFile
from generator.package.foreign import Foreign
from generator.sources import SourceFile

SPEC = "%bcond_without gui\n%{!?x:%bcond_with tests}\nName: demo\nVersion: 1\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "demo.spec").write_text(SPEC)
    (folder / "demo.changes").write_bytes(b"-\r\n")
    return folder


def edit(path, line, remove=0, *insert):
    return Edit(Origin(PurePosixPath(path), line), remove, insert)


def test_what_belongs_to_the_package(folder):
    for name in ("_service", "a b.patch", "x.orig", "demo.changes~", ".hidden", "#x#", "_link"):
        (folder / name).write_text(name)
    for name in (".osc", ".git", "sub"):
        (folder / name).mkdir()
        (folder / name / "inner").write_text("")
    (folder / "tool").write_text("#!/bin/sh\n")
    (folder / "tool").chmod(0o755)
    (folder / "same.patch").symlink_to("a b.patch")
    package = Foreign.open(folder, "demo")
    assert list(package.sources().files) == [
        "_link", "_service", "a b.patch", "demo.changes", "demo.spec", "same.patch", "tool",
    ]  # fmt: skip
    assert [name for name, file in package.files.items() if file.executable] == ["tool"]
    assert package.files["same.patch"].content == b"a b.patch"
    sources = package.sources()
    assert (sources.name, sources.features, sources.defined) == ("demo", ("gui", "tests"), False)
    assert sources.spec.text == SPEC
    assert package.specs[0].tags_of("Version")[0].value == "1"


def test_the_name(folder):
    assert Foreign.open(folder, ".").name == "demo"
    (folder / "other.spec").write_text("")
    assert Foreign.open(folder, ".").name == "demo", "the directory's, where there are two"
    (folder / "demo.spec").unlink()
    assert Foreign.open(folder, ".").name == "other"
    (folder / ".osc").mkdir()
    (folder / ".osc" / "_package").write_text("third\n")
    assert Foreign.open(folder, ".").name == "third"


def test_what_is_said_beside_the_spec(folder):
    (folder / ".specgen.yaml").write_text(
        "targets: [sle15]\nexternal: [a.tar]\nfeatures: [made]\nwaive: [{rule: a, reason: b}]"
    )
    sources = Foreign.open(folder, "demo").sources()
    assert sources.targets == ("sle15",)
    assert sources.features == ("gui", "tests", "made")
    assert [external.name for external in sources.externals] == ["a.tar"]
    assert str(sources.waivers[0].origin) == "demo/.specgen.yaml:4"
    assert ".specgen.yaml" not in sources.files
    (folder / ".specgen.yaml").write_text("expect: [{present: demo, on: with guy}]\ntarget: x")
    with pytest.raises(InputError) as caught:
        Foreign.open(folder, "demo").sources()
    assert [str(problem.origin) for problem in caught.value.problems] == [
        "demo/.specgen.yaml:1",
        "demo/.specgen.yaml:2",
    ]


def test_links_are_not_followed_out(folder, tmp_path):
    (tmp_path / "secret").write_text("s")
    link = folder / "x.patch"
    for target, message in [(tmp_path / "secret", "out of"), ("../secret", "out of"), ("nowhere", "to nothing")]:
        link.symlink_to(target)
        with pytest.raises(InputError, match=rf"demo/x.patch is a link {message}"):
            Foreign.open(folder, "demo")
        link.unlink()
    (tmp_path / "here").symlink_to(folder)
    assert Foreign.open(tmp_path / "here", "here").name == "demo", "the directory itself may be a link"


def test_what_is_no_package(tmp_path):
    with pytest.raises(InputError, match="nowhere is not a directory"):
        Foreign.open(tmp_path / "nowhere", "nowhere")
    with pytest.raises(InputError, match="no spec file here"):
        Foreign.open(tmp_path, "empty")
    (tmp_path / "_link").write_text("<link/>")
    with pytest.raises(InputError, match="osc checkout"):
        Foreign.open(tmp_path, "empty")


def test_edits_and_changes(folder):
    package = Foreign.open(folder, "pkg/demo")
    changed = package.with_edits([edit("demo.spec", 4, 1, "Version: 2"), edit("pkg/demo/demo.changes", 1, 0, "new")])
    assert changed.files["demo.spec"].text == SPEC.replace("Version: 1", "Version: 2")
    assert changed.files["demo.changes"].content == b"new\r\n-\r\n"
    assert package.files["demo.spec"].text == SPEC, "the package before is as it was"
    changes = changed.changes_since(package)
    assert [str(change.path) for change in changes] == ["pkg/demo/demo.changes", "pkg/demo/demo.spec"]
    assert (changes[0].before, changes[0].after) == (b"-\r\n", b"new\r\n-\r\n")
    assert changed.changes_since(changed) == ()
    assert package.with_edits([]).changes_since(package) == ()
    gone = Foreign("demo", "pkg/demo", {"demo.spec": package.files["demo.spec"]})
    assert [(change.before, change.after) for change in gone.changes_since(package)] == [(b"-\r\n", None)]
    assert [(change.before, change.after) for change in package.changes_since(gone)] == [(None, b"-\r\n")]


def test_edits_of_the_file_beside(folder):
    (folder / ".specgen.yaml").write_text("targets: [a]\n")
    package = Foreign.open(folder, "demo")
    changed = package.with_edits([edit("demo/.specgen.yaml", 2, 0, "external: [x]")])
    assert [external.name for external in changed.sources().externals] == ["x"]
    assert [str(change.path) for change in changed.changes_since(package)] == ["demo/.specgen.yaml"]


@pytest.mark.parametrize(
    "path", ["other.spec", "demo/other.spec", "elsewhere/demo.spec", "../demo/demo.spec", ".specgen.yaml"]
)
def test_edits_of_files_that_are_not_there(folder, path):
    with pytest.raises(InputError, match="no file of demo"):
        Foreign.open(folder, "demo").with_edits([edit(path, 1, 0, "x")])


def test_edits_of_lines_that_are_not_there(folder):
    with pytest.raises(InputError, match=r"demo\.spec:9: there is no line"):
        Foreign.open(folder, "demo").with_edits([edit("demo.spec", 9, 1, "x")])


def test_a_large_file_is_read_when_it_is_asked_for(folder):
    archive = folder / "demo.tar.xz"
    archive.write_bytes(b"x" * (2 << 20))
    (folder / "long.changes").write_bytes(b"-" * (2 << 20))
    package = Foreign.open(folder, "demo")
    file = package.sources().files["demo.tar.xz"]
    assert isinstance(file, LargeFile)
    assert not isinstance(package.files["long.changes"], LargeFile)
    assert (file.size, "content" in vars(file)) == (2 << 20, False)
    assert package.changes_since(package) == ()
    assert "content" not in vars(file)
    assert len(file.content) == 2 << 20
    fresh = Foreign.open(folder, "demo").files["demo.tar.xz"]
    archive.unlink()
    assert file.content[:1] == b"x"
    with pytest.raises(RefusalError, match="cannot be read"):
        _ = fresh.content
    with pytest.raises(RefusalError, match="cannot be read"):
        _ = fresh.size


def test_a_plain_file_has_its_size():
    assert SourceFile("x", b"abc").size == 3
