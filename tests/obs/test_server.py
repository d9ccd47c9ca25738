from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.obs.client import Configuration
from generator.obs.records import Place, md5
from generator.obs.server import Server
from tests.conftest import PrivateObs


@pytest.fixture
def server(obs: PrivateObs) -> Server:
    return Server(Configuration(obs.oscrc).connect())


def put(server: Server, place: Place, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        server.upload(place, name, content)
    server.commit(place, {name: md5(content) for name, content in files.items()}, "a commit")


def test_a_package_that_is_not_there(server: Server, obs: PrivateObs) -> None:
    assert server.listing(Place(obs.project(), "nothing")) is None


def test_a_branch_stays_a_link_and_is_compared_expanded(server: Server, obs: PrivateObs) -> None:
    target = Place(obs.project(), "hello")
    obs.package(target.project, "hello", {"hello.spec": b"one\n", "old.patch": b"-\n", "a.tar": b"\0\1"})
    branch, before = server.branch(target)
    assert not before
    assert server.branch(target) == (branch, True) == (server.branch_name(target), True)
    listing = server.listing(branch)
    assert listing is not None
    assert listing.link == target
    assert set(listing.files) == {"hello.spec", "old.patch", "a.tar"}
    put(server, branch, {"hello.spec": b"two\n", "a.tar": b"\0\1"})
    after = server.listing(branch)
    assert after is not None
    assert after.link == target
    assert after.revision == listing.revision + 1
    assert after.files == {"hello.spec": md5(b"two\n"), "a.tar": md5(b"\0\1")}
    assert server.read(after, "hello.spec") == b"two\n"
    obs.commit(target.project, "hello", {"hello.spec": b"one\n", "old.patch": b"-\n", "a.tar": b"\0\1", "new": b"!"})
    assert "new" in server.listing(branch).files


def test_a_link_that_does_not_expand_says_so_and_is_repaired(server: Server, obs: PrivateObs) -> None:
    target = Place(obs.project(), "hello")
    obs.package(target.project, "hello", {"hello.spec": b"one\n"})
    branch, _ = server.branch(target)
    put(server, branch, {"hello.spec": b"ours\n"})
    obs.commit(target.project, "hello", {"hello.spec": b"theirs\n"})
    broken = server.listing(branch)
    assert broken is not None
    assert "conflict" in broken.broken
    server.upload(branch, "hello.spec", b"both\n")
    server.commit(branch, {"hello.spec": md5(b"both\n")}, "repaired", repair=True)
    repaired = server.listing(branch)
    assert repaired is not None
    assert not repaired.broken
    assert repaired.link == target
    assert obs.files(branch.project, branch.package) == {"hello.spec": b"both\n"}


def test_bytes_that_were_not_uploaded_are_not_committed(server: Server, obs: PrivateObs) -> None:
    target = Place(obs.project("home:packager"), "unsent")
    server.make_package(target, "A title")
    assert server.commit(target, {"never.txt": md5(b"never sent before")}, "nothing") == ("never.txt",)
    assert server.listing(target).revision == 0


NAMES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="/\ufffe\uffff"), min_size=1, max_size=40
).filter(lambda name: not name.startswith((".", "_")) and len(name.encode()) < 200)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.dictionaries(NAMES, st.binary(max_size=3000), min_size=1, max_size=5))
def test_any_name_and_any_bytes_arrive(server: Server, obs: PrivateObs, files: dict[str, bytes]) -> None:
    place = Place(obs.project("home:packager"), "anything")
    server.make_package(place, "")
    put(server, place, files)
    listing = server.listing(place)
    assert listing is not None
    assert {name: server.read(listing, name) for name in listing.files} == files


def test_a_hundred_megabytes_arrive(server: Server, obs: PrivateObs) -> None:
    place = Place(obs.project("home:packager"), "large")
    server.make_package(place, "")
    content = bytes(range(256)) * (100 * 4096)
    assert len(content) == 100 * 1024 * 1024
    put(server, place, {"large archive ä.tar": content})
    listing = server.listing(place)
    assert listing is not None
    assert server.read(listing, "large archive ä.tar") == content
