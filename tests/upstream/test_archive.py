import bz2
import gzip
import io
import lzma
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.errors import InputError
from generator.upstream.archive import Limits, read_tree
from generator.upstream.tree import EXECUTABLE, LINK, Entry, Tree

CONTENT = {
    "docs/readme": Entry(b"text\n"),
    "empty": Entry(b""),
    "run": Entry(b"#!/bin/sh\n", EXECUTABLE),
    "docs/again": Entry(b"readme", LINK),
    "bytes \xfc": Entry(bytes(range(256)) * 300),
    "deep/" + "folder/" * 30 + "file": Entry(b"long name"),
}


def header(
    name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644
) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname, info.mode = size, kind, link, mode
    return info


def tar(members: list[tuple[tarfile.TarInfo, bytes]], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def tar_of(entries: dict[str, Entry], top: str = "thing-1.0/", form: int = tarfile.PAX_FORMAT) -> bytes:
    members = [(header(top.rstrip("/"), kind=tarfile.DIRTYPE), b"")] if top else []
    for path, entry in entries.items():
        if entry.is_link:
            members.append((header(top + path, kind=tarfile.SYMTYPE, link=entry.content.decode()), b""))
        else:
            mode = 0o755 if entry.mode == EXECUTABLE else 0o644
            members.append((header(top + path, len(entry.content), mode=mode), entry.content))
    return tar(members, form)


def read(tmp_path: Path, content: bytes, limits: Limits | None = None) -> Tree:
    path = tmp_path / "archive"
    path.write_bytes(content)
    return read_tree(path, limits)


def refused(tmp_path: Path, content: bytes, reason: str, limits: Limits | None = None) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        read(tmp_path, content, limits)
    assert str(tmp_path / "archive") in str(caught.value)


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
}


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_a_tar_is_read_whatever_it_is_packed_with(tmp_path, compression, form):
    tree = read(tmp_path, COMPRESSIONS[compression](tar_of(CONTENT, form=form)))
    assert dict(tree) == CONTENT


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_several_streams_after_another_are_one(tmp_path, compression):
    data = tar_of(CONTENT)
    pack = COMPRESSIONS[compression]
    assert dict(read(tmp_path, pack(data[:1000]) + pack(data[1000:]))) == CONTENT


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_cut_archive_is_damaged(tmp_path, compression):
    data = tar_of({f"f{n}": Entry(os.urandom(2000)) for n in range(20)})
    packed = COMPRESSIONS[compression](data)
    refused(tmp_path, packed[: len(packed) * 2 // 3], "damaged")
    if compression == "plain":  # also where a member ends
        refused(tmp_path, data[: 512 * 13], "damaged")


@pytest.mark.parametrize("compression", ["gz", "bz2", "xz", "zst"])
def test_a_flipped_byte_is_damaged(tmp_path, compression):
    packed = bytearray(COMPRESSIONS[compression](tar_of({"f": Entry(os.urandom(20000))})))
    packed[len(packed) // 2] ^= 0x10
    refused(tmp_path, bytes(packed), "damaged")


def test_hard_links_share_their_content(tmp_path):
    data = tar([(header("a", 2), b"hi"), (header("b/c", kind=tarfile.LNKTYPE, link="a"), b"")])
    assert dict(read(tmp_path, data)) == {"a": Entry(b"hi"), "b/c": Entry(b"hi")}


def test_of_a_name_that_comes_twice_the_later_one_counts(tmp_path):
    assert dict(read(tmp_path, tar([(header("a", 1), b"1"), (header("./a", 1), b"2"), (header("b"), b"")]))) == {
        "a": Entry(b"2"),
        "b": Entry(b""),
    }


HOSTILE = {
    "absolute path": (tar([(header("/etc/passwd", 1), b"x")]), "leads outside"),
    "dots": (tar([(header("a/../../b", 1), b"x")]), "leads outside"),
    "dots that come back": (tar([(header("a/../b", 1), b"x")]), "leads outside"),
    "absolute link": (tar([(header("t/a", kind=tarfile.SYMTYPE, link="/etc"), b"")]), "leads outside"),
    "link upwards": (tar([(header("t/a", kind=tarfile.SYMTYPE, link="../../x"), b"")]), "leads outside"),
    "link out of the top folder": (tar([(header("t/a", kind=tarfile.SYMTYPE, link="../x"), b"")]), "leads outside"),
    "link through a link": (
        tar([(header(f"t/{n}", kind=tarfile.SYMTYPE, link=to), b"") for n, to in (("s/l", ".."), ("s/m", "l/../.."))]),
        "leads outside",
    ),
    "below a link": (tar([(header("a", kind=tarfile.SYMTYPE, link="b"), b""), (header("a/x", 1), b"x")]), "no folder"),
    "below a file": (tar([(header("a", 1), b"x"), (header("a/x", 1), b"x")]), "no folder"),
    "file over a folder": (tar([(header("a/x", 1), b"x"), (header("a", 1), b"x")]), "at once"),
    "hard link outward": (tar([(header("a", kind=tarfile.LNKTYPE, link="../../etc/shadow"), b"")]), "leads outside"),
    "hard link to nothing": (tar([(header("a", kind=tarfile.LNKTYPE, link="b"), b"")]), "hard link to 'b'"),
    "character device": (tar([(header("a", kind=tarfile.CHRTYPE), b"")]), "device"),
    "block device": (tar([(header("a", kind=tarfile.BLKTYPE), b"")]), "device"),
    "pipe": (tar([(header("a", kind=tarfile.FIFOTYPE), b"")]), "device"),
    "no name": (tar([(header("", 1), b"x")]), "at once"),
    "text": (b"This is no archive at all.\n" * 100, "no archive of a kind known"),
    "nothing": (b"", "no archive of a kind known"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_tar_is_refused(tmp_path, case):
    refused(tmp_path, *HOSTILE[case])


def test_bombs_are_refused(tmp_path):
    few = Limits(members=10, total=1 << 20, ratio_from=1 << 18)
    refused(tmp_path, tar_of({f"f{n}": Entry(b"") for n in range(20)}), "more than 10 members", few)
    refused(tmp_path, tar_of({"f": Entry(bytes(2 << 20))}), "claims|when unpacked", few)
    refused(tmp_path, tar_of({f"f{n}": Entry(os.urandom(200_000)) for n in range(8)}), "when unpacked", few)
    refused(tmp_path, gzip.compress(tar_of({"f": Entry(bytes(900_000))})), "200 times its size", few)
    refused(tmp_path, COMPRESSIONS["zst"](tar_of({"f": Entry(b"x")}) + bytes(900_000)), "200 times its size", few)


def test_a_file_that_claims_a_terabyte_is_refused_before_it_is_read(tmp_path):
    refused(tmp_path, header("f", 1 << 40).tobuf(tarfile.GNU_FORMAT) + bytes(1024), "claims")


def test_a_sparse_file_that_claims_a_terabyte_is_refused(tmp_path):
    info = header("f", 512)
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "f",
        "GNU.sparse.realsize": str(1 << 40),
    }
    refused(tmp_path, tar([(info, b"1\n0\n0\n".ljust(512, b"\0"))]), "claims")


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_extension_is_not_read_when_it_is_large(tmp_path, kind):
    size = 1 << 20
    data = header("f", size, kind).tobuf(tarfile.USTAR_FORMAT) + b"9" * size + header("f").tobuf() + bytes(1024)
    refused(tmp_path, data, "claims")


def test_a_negative_size_ends_at_once(tmp_path):
    block = bytearray(header("f", 0).tobuf(tarfile.GNU_FORMAT))
    block[124:136] = (-512).to_bytes(12, "big", signed=True)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    refused(tmp_path, bytes(block) + bytes(2048), "claims -512 bytes")


def cpio(*members: tuple[str, int, bytes, int, int]) -> bytes:
    out = bytearray()
    for name, mode, content, inode, links in (*members, ("TRAILER!!!", 0, b"", 0, 1)):
        raw = name.encode() + b"\0"
        fields = (inode, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(raw), 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + raw
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(out) % 4)
    return bytes(out) + bytes(-len(out) % 512)


@pytest.mark.skipif(not (shutil.which("cpio") or os.environ.get("CI")), reason="no cpio program to compare with here")
def test_an_obscpio_made_by_cpio(tmp_path):
    top = tmp_path / "thing-1.0"
    write(top, CONTENT)
    os.link(top / "run", top / "run2")
    names = "\n".join(str(path.relative_to(tmp_path)) for path in sorted(top.rglob("*")))
    made = subprocess.run(
        ["cpio", "-o", "-H", "newc"], cwd=tmp_path, input=names.encode(), capture_output=True, check=True
    )
    assert dict(read(tmp_path, made.stdout)) == CONTENT | {"run2": CONTENT["run"]}


def test_an_obscpio_with_hard_links_carries_the_content_once(tmp_path):
    data = cpio(("t/a", 0o100644, b"", 5, 2), ("t/b", 0o100755, b"hi", 5, 2), ("t/c", 0o100644, b"", 6, 2))
    tree = read(tmp_path, data)
    assert {path: entry.content for path, entry in tree.items()} == {"a": b"hi", "b": b"hi", "c": b""}


HOSTILE_CPIO = {
    "absolute path": (cpio(("/etc/passwd", 0o100644, b"x", 1, 1)), "leads outside"),
    "dots": (cpio(("../x", 0o100644, b"x", 1, 1)), "leads outside"),
    "link outward": (cpio(("t/x", 0o120777, b"../../y", 1, 1)), "leads outside"),
    "device": (cpio(("t/x", 0o020644, b"", 1, 1)), "device"),
    "cut": (cpio(("t/x", 0o100644, b"x" * 100, 1, 1))[:150], "in the middle"),
    "no trailer": (cpio(("t/x", 0o100644, b"x" * 100, 1, 1))[:220], "in the middle|begin with"),
    "huge": (cpio(("t/x", 0o100644, b"x", 1, 1)).replace(b"00000001", b"FFFFFFFF"), "claims|in the middle"),
    "no number": (cpio(("t/x", 0o100644, b"x", 1, 1)).replace(b"000081A4", b"0000zzzz"), "hexadecimal"),
    "long name": (cpio(("t/x", 0o100644, b"x", 1, 1)).replace(b"00000004", b"0F000004"), "name is"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE_CPIO)
def test_a_hostile_obscpio_is_refused(tmp_path, case):
    refused(tmp_path, *HOSTILE_CPIO[case])


def write(top: Path, entries: dict[str, Entry]) -> None:
    for path, entry in entries.items():
        target = top / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.is_link:
            target.symlink_to(entry.content.decode())
        else:
            target.write_bytes(entry.content)
            target.chmod(0o755 if entry.mode == EXECUTABLE else 0o644)


def test_a_folder_is_a_tree_as_it_is(tmp_path):
    write(tmp_path / "top", CONTENT | {".git/config": Entry(b"not a part"), "x/.git/config": Entry(b"a part")})
    assert dict(read_tree(tmp_path / "top")) == CONTENT | {"x/.git/config": Entry(b"a part")}


def test_a_folder_with_a_pipe_or_a_link_outward_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="'pipe' is a device, pipe or socket"):
        read_tree(tmp_path)
    (tmp_path / "pipe").unlink()
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="leads outside"):
        read_tree(tmp_path)


def test_a_folder_that_is_too_large_is_refused(tmp_path):
    write(tmp_path, {"a": Entry(bytes(600)), "b": Entry(bytes(600))})
    with pytest.raises(InputError, match="more than 1,000 bytes"):
        read_tree(tmp_path, Limits(total=1000))


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_tree(tmp_path / "nothing.tar.gz")


@settings(max_examples=150, deadline=None)
@given(
    base=st.sampled_from(
        [tar_of(CONTENT), tar_of(CONTENT, form=tarfile.GNU_FORMAT), cpio(("t/x", 0o100644, b"x" * 50, 1, 1))]
    ),
    pack=st.sampled_from(sorted(COMPRESSIONS)),
    changes=st.lists(st.tuples(st.integers(0, 1500), st.binary(min_size=1, max_size=12)), max_size=4),
    changes_after=st.lists(st.tuples(st.integers(0, 1500), st.binary(min_size=1, max_size=4)), max_size=2),
)
def test_damage_of_any_kind_gives_a_tree_or_an_input_error(tmp_path_factory, base, pack, changes, changes_after):
    def damage(data: bytes, places: list[tuple[int, bytes]]) -> bytes:
        for place, new in places:
            at = place % len(data)
            data = data[:at] + new + data[at + len(new) :]
        return data

    data = damage(COMPRESSIONS[pack](damage(base, changes)), changes_after)
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data)
    try:
        tree = read_tree(path)
    except InputError:
        return
    assert all(not name.startswith("/") and ".." not in name.split("/") for name in tree)


def test_a_folder_in_an_archive_is_a_tree(tmp_path):
    path = tmp_path / "thing.tar"
    path.write_bytes(tar_of(CONTENT))
    assert read_tree(path / "docs") == Tree({"readme": CONTENT["docs/readme"], "again": CONTENT["docs/again"]})
    assert read_tree(path / "docs").name == f"{path}/docs"
    for folder in ("nowhere", "docs/readme"):
        with pytest.raises(InputError, match=rf"thing.tar: there is no folder {folder} in it \(it has deep, docs\)"):
            read_tree(path / folder)


def test_a_link_out_of_a_folder_in_an_archive_is_refused(tmp_path):
    path = tmp_path / "thing.tar"
    path.write_bytes(tar_of({"engine/x": Entry(b"../cli/x", LINK), "cli/x": Entry(b"x")}))
    assert len(read_tree(path)) == 2
    with pytest.raises(InputError, match="the link 'x' leads outside"):
        read_tree(path / "engine")


def test_what_is_neither_a_file_nor_a_folder_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"/pipe is neither a file nor a folder$"):
        read_tree(tmp_path / "pipe")


def test_an_archive_of_another_kind_is_told_what_is_known(tmp_path):
    for start in (b"PK\3\4" + bytes(30), b"7z\xbc\xaf\x27\x1c" + bytes(30), b""):
        with pytest.raises(InputError, match=r"no archive of a kind known here: .* \(known are tar, .* unpack another"):
            read(tmp_path, start)


def test_a_file_in_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/x").touch()

    def refuse(path):  # root may read everything
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=r"/sub/x: cannot be read: Permission denied"):
        read_tree(tmp_path)
