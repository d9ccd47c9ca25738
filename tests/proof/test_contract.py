"""The comparison of contracts sees a difference of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.targets import Target
from tests.proof.contract import KINDS, kind_of, read_contracts
from tests.proof.facts import differences, load, save

TARGET = Target("here", "a test", "", {"suse_version": "1699", "_unitdir": "/usr/lib/systemd/system"}, "", frozenset())

SPEC = """\
%bcond_with speed
Name: sample
Version: 1
Release: 0
Summary: Something
License: MIT
Group: Sample
URL: https://example.org
Source: sample.tar.xz
Patch5: one.patch
Patch6: two.patch
BuildRequires: gcc
Requires: glibc
Requires(post): coreutils
Provides: example = 1
Conflicts: other
Obsoletes: older < 1
Recommends: nice
Supplements: host
Suggests: maybe
Enhances: good
ExcludeArch: s390
%description
Words.
%package doc
Summary: Words
BuildArch: noarch
%description doc
Words.
%prep
%setup -q
%patch -P5 -p1
%patch -P6 -p1
%build
%sysusers_generate_pre sample.sysusers sample sample.conf
%install
%fdupes %{buildroot}
%pre -f sample.pre
%post -p /bin/bash
%service_add_post sample.service
%service_add_post sample.service
%files
/usr/bin/sample
%dir %attr(750,root,root) /etc/sample
%if %{with speed}
/usr/bin/fast
%endif
%files doc
%doc README
"""

#: For each kind of fact a change that makes a difference of that kind (an error hides all other facts).
CHANGES = {
    "log": ("%patch -P6 -p1", "%patch -P7 -p1"),
    "error": ("Name: sample", "%if\nName: sample"),
    "source": ("Source: sample.tar.xz", "Source: sample.tar.gz"),
    "patch": ("Patch5:", "Patch4:"),
    "applied": ("%patch -P5 -p1\n%patch -P6 -p1", "%patch -P6 -p1\n%patch -P5 -p1"),
    "build requires": ("BuildRequires: gcc", "BuildRequires: gcc >= 7"),
    "architecture": ("ExcludeArch: s390", "ExclusiveArch: x86_64"),
    "build call": ("%fdupes %{buildroot}", "%fdupes -s %{buildroot}"),
    "script file": ("%pre -f sample.pre", "%pre -f other.pre"),
    "version": ("Version: 1", "Version: 2"),
    "release": ("Release: 0", "Release: 1"),
    "arch": ("BuildArch: noarch\n", ""),
    "license": ("License: MIT", "License: ISC"),
    "url": ("URL: https://example.org\n", ""),
    "group": ("Group: Sample\n", ""),
    "summary": ("Summary: Something\n", ""),
    "description": ("%description\nWords.", "%description"),
    "requires": ("Requires(post): coreutils", "Requires(pre): coreutils"),
    "provides": ("Provides: example = 1", "Provides: example"),
    "conflicts": ("Conflicts: other\n", ""),
    "obsoletes": ("older < 1", "older <= 1"),
    "recommends": ("Recommends: nice", "Recommends: nicer"),
    "supplements": ("Supplements: host\n", ""),
    "suggests": ("Suggests: maybe", "Suggests: perhaps"),
    "enhances": ("Enhances: good", "Enhances: better"),
    "interpreter": ("%post -p /bin/bash", "%post"),
    "call": ("%service_add_post sample.service\n%service_add_post", "%service_add_post"),
    "file": ("%dir %attr(750,root,root)", "%dir"),
}


def test_every_kind_has_a_change() -> None:
    assert set(CHANGES) == set(KINDS)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """For each change the kinds in which the changed spec differs from the original: all read in one go."""
    folder = tmp_path_factory.mktemp("specs")
    specs = {}
    for kind, (before, after) in {"": ("", ""), **CHANGES}.items():
        assert before in SPEC, f"the change for {kind} changes nothing"
        path = folder / (kind.replace(" ", "-") or "original") / "sample.spec"
        path.parent.mkdir()
        path.write_text(SPEC.replace(before, after, 1))
        specs[kind] = path
    tables = read_contracts(specs, [TARGET], [])
    original = tables.pop("")
    assert not any(kind_of(fact) in ("log", "error") for fact in original["here", "default"])
    return {
        kind: {kind_of(line[2:].split("   [")[0]) for line in differences(original, table)}
        for kind, table in tables.items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_fact_is_seen(kind: str, changed: dict[str, set[str]]) -> None:
    assert kind in changed[kind]


def test_commands_that_make_accounts_are_calls(tmp_path: Path) -> None:
    script = (
        "%pre\n# it's a comment with getent group x\ngetent group sample >/dev/null || groupadd -r sample ||:\n"
        "grep -qs '^sample:' /etc/subuid || \\\n\tusermod -v 1-2 sample &>/dev/null || \\\n"
        '\techo "sample:1:2" >>/etc/subuid ||:\n'
    )
    spec = tmp_path / "sample.spec"
    spec.write_text(SPEC.replace("%pre -f sample.pre\n", script))
    found = read_contracts({"sample": spec}, [TARGET], [])["sample"]["here", "default"]
    assert {fact for fact in found if "| call | %pre" in fact} == {
        f"sample | call | %pre {call}"
        for call in (
            "getent group sample",
            "groupadd -r sample",
            "grep ^sample: /etc/subuid",
            "usermod -v 1-2 sample",
            "echo sample:1:2 >> /etc/subuid",
        )
    }


def test_states_of_a_feature_are_told_apart(tmp_path: Path) -> None:
    spec = tmp_path / "sample.spec"
    spec.write_text(SPEC)
    found = read_contracts({"sample": spec}, [TARGET], ["speed"])["sample"]
    fast = "sample | file | /usr/bin/fast"
    assert {state: fast in facts for (_, state), facts in found.items()} == {
        "default": False,
        "with speed": True,
        "without speed": False,
    }


def test_a_table_is_stored_without_loss(tmp_path: Path) -> None:
    table = {
        (target, state): frozenset(f"fact {n}" for n in range(6) if (len(target) + len(state) + n) % 3)
        for target in ("sle12", "leap15.6", "tumbleweed")
        for state in (("default", "with x") if target == "sle12" else ("default",))
    }
    save(table, tmp_path / "table.json", "a note")
    assert load(tmp_path / "table.json") == table


def test_differences_name_fact_and_cases() -> None:
    one = {("sle12", "default"): frozenset({"a", "b"}), ("sle15", "default"): frozenset({"a"})}
    other = {("sle12", "default"): frozenset({"a"}), ("sle15", "default"): frozenset({"c"})}
    assert differences(one, one) == []
    assert differences(one, other) == [
        "- a   [sle15; default]",
        "- b   [sle12; default]",
        "+ c   [sle15; default]",
    ]
    assert differences(one, {("sle12", "default"): frozenset({"a", "b"})}) == ["- the whole case   [sle15; default]"]
