"""The hollow build sees what goes wrong in a build."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from generator.targets import Target
from tests.proof.hollow import Build, facts_of

TARGET = Target("here", "a test", "", {"_mandir": "/usr/share/man", "_sysconfdir": "/etc"}, "", frozenset())
DECLARED = ("docker-cli-1.tar.xz", "docker-1_abc.tar.xz", "one.patch", "two.patch")

SPEC = """\
Name: sample
Version: 1
Release: 0
Summary: Something
License: MIT
Source: docker-1_abc.tar.xz
Source1: docker-cli-1.tar.xz
Source2: sample.conf
Patch1: one.patch
Patch2: two.patch
BuildArch: noarch
%description
Words.
%prep
%setup -q -T -b 1 -n docker-cli-1
%setup -q -n docker-1_abc
%patch -P1 -p1
%patch -P2 -p1
%build
export KIND="a kind"
cp vendor.mod go.mod
cp vendor.sum go.sum
./hack/make.sh dynbinary
cd ../docker-cli-1
cp vendor.mod go.mod
cp vendor.sum go.sum
make WHO=me dynbinary manpages
%install
install -D -m0755 bundles/dynbinary-daemon/dockerd %{buildroot}%{_bindir}/dockerd
install -D -m0644 %{SOURCE2} %{buildroot}%{_sysconfdir}/sample.conf
install -D -m0644 ../docker-cli-1/man/man1/docker.1 %{buildroot}%{_mandir}/man1/docker.1
ln -s dockerd %{buildroot}%{_bindir}/d
%fdupes %{buildroot}
%post
%service_add_post sample.service
%files
%doc README.md
%{_bindir}/dockerd
%{_bindir}/d
%config(noreplace) %{_sysconfdir}/sample.conf
%{_mandir}/man1/docker.1.gz
"""


@pytest.fixture
def built(tmp_path: Path) -> Callable[..., frozenset[str]]:
    """Builds the sample with a part replaced, and gives the facts."""

    def build(before: str = "", after: str = "", epoch: str = "") -> frozenset[str]:
        assert before in SPEC
        (tmp_path / "sample.spec").write_text(SPEC.replace(before, after, 1))
        (tmp_path / "sample.conf").write_text("a = 1\n")
        return facts_of(Build(tmp_path, TARGET, epoch=epoch), DECLARED)

    return build


def test_a_good_build_tells_everything(built: Callable[..., frozenset[str]]) -> None:
    assert built() == {
        "call | fdupes | BUILDROOT",
        "call | hack/make.sh in docker-1_abc | dynbinary",
        "call | hack/make.sh in docker-1_abc | exported KIND=a kind",
        "call | hack/make.sh in docker-1_abc | go.mod is a copy of vendor.mod",
        "call | hack/make.sh in docker-1_abc | go.sum is a copy of vendor.sum",
        "call | hack/make.sh in docker-1_abc | patched with all of its tree",
        "call | make in docker-cli-1 | WHO=me dynbinary manpages",
        "call | make in docker-cli-1 | exported KIND=a kind",
        "call | make in docker-cli-1 | go.mod is a copy of vendor.mod",
        "call | make in docker-cli-1 | go.sum is a copy of vendor.sum",
        "call | make in docker-cli-1 | patched with all of its tree",
        "calls | hack/make.sh in docker-1_abc; make in docker-cli-1; fdupes",
        "result | built",
        "sample | arch | noarch",
        "sample | file | /etc/sample.conf -rw-r--r-- root:root config noreplace | from source sample.conf",
        "sample | file | /usr/bin/d lrwxrwxrwx root:root | -> dockerd",
        "sample | file | /usr/bin/dockerd -rwxr-xr-x root:root | from engine bundles/dynbinary-daemon/dockerd",
        "sample | file | /usr/share/doc/packages/sample drwxr-xr-x root:root",
        "sample | file | /usr/share/doc/packages/sample/README.md -rw-r--r-- root:root doc | from engine README.md",
        "sample | file | /usr/share/man/man1/docker.1.gz -rw-r--r-- root:root doc | from cli man/man1/docker.1",
        "sample | script | %post calls service-add-post sample.service",
        "tree | docker-1_abc | one.patch, two.patch",
        "tree | docker-cli-1 | nothing",
    }


OUT = "bundles/dynbinary-daemon"
LINKED = "\n%{_bindir}/d\n"
DOCKERD = "sample | file | /usr/bin/dockerd"
CONF = "sample | file | /etc/sample.conf"


@pytest.mark.parametrize(
    ("before", "after", "fact"),
    [
        (LINKED, "\n", "message | unpackaged /usr/bin/d"),
        (LINKED, "\n%{_bindir}/e\n", "message | File not found: BUILDROOT/usr/bin/e"),
        (LINKED, LINKED + LINKED, "message | File listed twice: /usr/bin/d"),
        ("%patch -P1 -p1\n%patch -P2", "%patch -P2 -p1\n%patch -P1", "tree | docker-1_abc | two.patch, one.patch"),
        ("-n docker-cli-1\n", "-n docker-cli-1\n%patch -P1 -p1\n", "tree | docker-cli-1 | one.patch"),
        ("%patch -P1 -p1", "%patch -P1 -p0", "tree | docker-1_abc | nothing"),
        ("cp vendor.mod", "ln -s vendor.mod", "call | hack/make.sh in docker-1_abc | go.mod links to vendor.mod"),
        ("WHO=me ", "", "call | make in docker-cli-1 | dynbinary manpages"),
        ("export KIND", "OTHER=1\nexport KIND OTHER\nKIND", "call | make in docker-cli-1 | exported OTHER=1"),
        ("-m0755 bundles", "-m0750 bundles", f"{DOCKERD} -rwxr-x--- root:root | from engine {OUT}/dockerd"),
        ("dockerd %", "docker-proxy %", f"{DOCKERD} -rwxr-xr-x root:root | from engine {OUT}/docker-proxy"),
        ("%config(noreplace)", "%config", f"{CONF} -rw-r--r-- root:root config | from source sample.conf"),
        ("%service_add_post", "%service_del_postun", "sample | script | %post calls service-del-postun sample.service"),
    ],
)
def test_a_difference_is_seen(before: str, after: str, fact: str, built: Callable[..., frozenset[str]]) -> None:
    assert fact in built(before, after)


@pytest.mark.parametrize(
    ("before", "after"), [(LINKED, "\n"), ("dynbinary\n", "binary\n"), ("%setup -q -n", "%setup -q -n no")]
)
def test_a_broken_build_is_seen(before: str, after: str, built: Callable[..., frozenset[str]]) -> None:
    facts = built(before, after)
    assert "result | built" not in facts
    assert any(fact.startswith("result | failed: ") for fact in facts)


def test_the_date_of_the_build_is_passed_on(built: Callable[..., frozenset[str]]) -> None:
    passed = "call | hack/make.sh in docker-1_abc | exported SOURCE_DATE_EPOCH=1700000000"
    assert passed in built(epoch="1700000000")
    assert passed not in built()
