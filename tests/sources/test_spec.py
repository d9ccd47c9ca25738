import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import InputError
from generator.origin import Edit, Origin
from generator.sources.edit import spliced
from generator.sources.spec import Guard, Spec

EXAMPLE = r"""# Copyright
%define flavour @BUILD_FLAVOR@%{nil}
%global long() \
Requires: inside \
%if 0
%{!?_fillupdir: %global _fillupdir /var/adm/fillup-templates}
%bcond_without buildx
%{bcond_with tests}
%bcond gui %{undefined suse_version}
%{lua:
  rpm.define("from_lua 1")
  local x = "%d+"
}
Name:           demo
Version:        1.0
Source42:       https://example.org/%{name}-%{version}.tar.xz#/other.tar.xz
Source:         unnumbered.txt
patch7:         seven.patch
%if %{with buildx} && \
    0%{?suse_version} >= 1500
Patch9:         nine.patch
%else
%{?with_tests:Patch10: ten.patch}
%endif
BuildRequires:  %{expand:a
  b}
Requires(post,preun): %fillup_prereq
%{?extra:
Requires: extra-one
%{!?less:Recommends: more}
}
#Patch11: commented.patch

%package -n other-%{expand: x y}
Summary:        Other

%description -n other-%{expand: x y}
Requires: this is prose

%package devel
Summary: Devel
%description devel
%prep
%setup -q -T -b 42 -n %{name}-cli
%patch7 -p1
%setup -q -n %{name}
%{?with_tests:%patch -P 10 -p1}
%if %{with buildx}
%patch -p1 -P 9 -P %{nine}
%endif
# %patch -P 11
patch -p0 < %{PATCH12}
%autopatch -p1 -m 100
%build
%configure \
%if 0%{?is_opensuse}
  --with-%%escaped \
%endif
  --prefix=%{_prefix}
echo ${x%suffix} %s %{?maybe} %{!?other:x} %1 %{-f}
%pre -n other -p /bin/sh -f other.pre
%post -p <lua>
%triggerin -- foo > 1
%files -f list -n other
%dir %{_datadir}
%doc %name
%files
%changelog
"""


@pytest.fixture(scope="module")
def spec():
    return Spec.parse("demo.spec", EXAMPLE.encode())


def number(text):
    """The number of the one line that contains the text."""
    (found,) = [index for index, line in enumerate(EXAMPLE.split("\n"), 1) if text in line]
    return found


def test_sections(spec):
    assert [(s.kind, s.package, s.whole_name, s.files, s.program) for s in spec.sections] == [
        ("preamble", None, False, (), ""),
        ("package", "other-%{expand: x y}", True, (), ""),
        ("description", "other-%{expand: x y}", True, (), ""),
        ("package", "devel", False, (), ""),
        ("description", "devel", False, (), ""),
        ("prep", None, False, (), ""),
        ("build", None, False, (), ""),
        ("pre", "other", True, ("other.pre",), "/bin/sh"),
        ("post", None, False, (), "<lua>"),
        ("triggerin", None, False, (), ""),
        ("files", "other", True, ("list",), ""),
        ("files", None, False, (), ""),
        ("changelog", None, False, (), ""),
    ]
    assert spec.sections_of("triggerin")[0].rest == "foo > 1"
    assert [section.package_name for section in spec.sections_of("files")] == ["other", "%{name}"]
    assert spec.sections_of("package")[1].package_name == "%{name}-devel"
    assert spec.section(number("%patch7")).kind == "prep"
    prep = spec.sections_of("prep")[0]
    assert (prep.start, prep.end) == (number("%prep"), number("%build") - 1)
    assert [line.number for line in spec.body(prep)] == list(range(prep.start + 1, prep.end + 1))


def test_blocks(spec):
    assert spec.layout.unmatched == ()
    assert [(block.start, block.end) for block in spec.blocks] == [
        (number("%if %{with buildx} &&"), number("%{?with_tests:Patch10") + 1),
        (number("%patch -p1 -P 9") - 1, number("%patch -p1 -P 9") + 1),
        (number("%if 0%{?is_opensuse}"), number("escaped") + 1),
    ]
    (condition,) = spec.conditions(number("Patch9:"))
    assert str(condition) == "%if %{with buildx} && 0%{?suse_version} >= 1500"
    (condition,) = spec.conditions(number("Patch10:"))
    assert condition.branch.keyword == "else"
    assert str(condition) == "%else of %if %{with buildx} && 0%{?suse_version} >= 1500"
    assert spec.conditions(number("%patch7")) == ()
    assert spec.conditions(number("%if 0%{?is_opensuse}")) == ()
    assert [line.directive for line in spec.lines if line.directive and line.directive != "section"] == [
        "if", "else", "endif", "if", "endif", "if", "endif",
    ]  # fmt: skip


def test_continuations(spec):
    body = number("Requires: inside")
    assert spec.line(body).inside
    assert spec.line(body).first == body - 1
    assert spec.line(body + 1).inside, "an %if in a definition's body begins no block"
    assert spec.end_of(body - 1) == body + 1, "the body ends with the line that has no backslash"
    configure = number("%configure")
    assert spec.line(configure + 1).first == configure
    assert not spec.line(configure + 1).inside


def test_tags(spec):
    tags = [
        (t.name, t.number, t.place, t.qualifier, t.value.split("\n")[0], list(map(str, t.guards))) for t in spec.tags
    ]
    assert tags == [
        ("Name", None, None, "", "demo", []),
        ("Version", None, None, "", "1.0", []),
        ("Source", 42, 42, "", "https://example.org/%{name}-%{version}.tar.xz#/other.tar.xz", []),
        ("Source", None, 43, "", "unnumbered.txt", []),
        ("patch", 7, 7, "", "seven.patch", []),
        ("Patch", 9, 9, "", "nine.patch", []),
        ("Patch", 10, 10, "", "ten.patch", ["?with_tests"]),
        ("BuildRequires", None, None, "", "%{expand:a", []),
        ("Requires", None, None, "post,preun", "%fillup_prereq", []),
        ("Requires", None, None, "", "extra-one", ["?extra"]),
        ("Recommends", None, None, "", "more", ["?extra", "!?less"]),
        ("Summary", None, None, "", "Other", []),
        ("Summary", None, None, "", "Devel", []),
    ]
    assert spec.tags_of("SOURCE")[0].base_name == "other.tar.xz"
    assert [tag.line for tag in spec.tags_of("recommends")] == [number("Recommends: more")]
    assert spec.tags_of("Summary")[1].line == number("Summary: Devel")


def test_definitions(spec):
    found = [(d.keyword, d.name, d.parameters, d.body, list(map(str, d.guards)), d.nested) for d in spec.definitions]
    assert found == [
        ("define", "flavour", None, "@BUILD_FLAVOR@%{nil}", [], False),
        ("global", "long", "", "Requires: inside \\\n%if 0", [], False),
        ("global", "_fillupdir", None, "/var/adm/fillup-templates", ["!?_fillupdir"], False),
        ("bcond_without", "buildx", None, "", [], False),
        ("bcond_with", "tests", None, "", [], False),
        ("bcond", "gui", None, "%{undefined suse_version}", [], False),
        ("lua", "from_lua", None, "", [], True),
    ]  # fmt: skip


def test_a_definition_in_a_wrapper():
    spec = Spec.parse("x", b"%{!?_fillupdir: %global _fillupdir /var/{a}/b }\n%{!?x:%{!?y:%define z 1}}\n%undefine z\n")
    assert [(d.keyword, d.name, d.body, d.guards, d.nested, d.line) for d in spec.definitions] == [
        ("global", "_fillupdir", "/var/{a}/b", (Guard("_fillupdir", True),), False, 1),
        ("define", "z", "1", (Guard("x", True), Guard("y", True)), False, 2),
        ("undefine", "z", "", (), False, 3),
    ]


def test_uses(spec):
    uses = {(use.name, use.line) for use in spec.uses if use.line >= number("%prep")}
    last = number("echo ${x")
    assert uses == {
        ("name", number("-b 42")),
        ("name", number("%setup -q -n %{name}")),
        ("with_tests", number("%patch -P 10")),
        ("with", number("%patch -p1 -P 9") - 1),
        ("nine", number("%patch -p1 -P 9")),
        ("autosetup", 0),
        ("autopatch", number("%autopatch")),
        ("configure", number("%configure")),
        ("is_opensuse", number("is_opensuse")),
        ("_prefix", number("_prefix")),
        ("maybe", last),
        ("other", last),
        ("_datadir", number("_datadir")),
        ("name", number("%doc %name")),
    } - {("autosetup", 0)}
    with_uses = [(use.name, use.argument) for use in spec.uses if use.argument]
    assert ("with", "buildx") in with_uses
    assert ("undefined", "suse_version") in with_uses
    assert [use.optional for use in spec.uses if use.name in ("maybe", "other")] == [True, True]
    assert all(spec.line(use.line).text[use.column] == "%" for use in spec.uses)


def test_uses_in_comments():
    spec = Spec.parse(
        "x", b"# %foo_bar\n%dnl %{not_read}\n#%%escaped\n%build\n%files\n%config(noreplace) %attr(0644) /x\n"
    )
    assert [(use.name, use.comment, use.line) for use in spec.uses] == [("foo_bar", True, 1)]


def test_files_by_number():
    spec = Spec.parse("x", b"%prep\ncp %{SOURCE3} %SOURCE14 %{S:5} %{P:6} %%{S:7} %Sx\n# %{PATCH8}\n")
    assert [(use.patch, use.number, use.comment) for use in spec.file_uses] == [
        (False, 3, False), (False, 14, False), (False, 5, False), (True, 6, False), (True, 8, True),
    ]  # fmt: skip


def test_prep(spec):
    first, second = spec.prep.setups
    assert (first.name, first.sources) == ("%{name}-cli", ("42",))
    assert (second.name, second.sources) == ("%{name}", ("0",))
    found = [
        (a.kind, a.numbers, a.strip, a.setup, list(map(str, a.guards)), a.commented) for a in spec.prep.applications
    ]
    assert found == [
        ("patch", ("7",), "1", first, [], False),
        ("patch", ("10",), "1", second, ["?with_tests"], False),
        ("patch", ("9", "%{nine}"), "1", second, [], False),
        ("patch", ("11",), "", second, [], True),
        ("shell", ("12",), "", second, [], False),
        ("autopatch", (), "1", second, [], False),
    ]
    assert spec.prep.applications[-1].words == ("-p1", "-m", "100")


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("%patch -p1", ("0",)),
        ("%patch0 -p1", ("0",)),
        ("%patch 3 -p1", ("3",)),
        ("%patch -p1 3 4", ("3", "4")),
        ("%patch -P1 -P 2 -b .orig", ("1", "2")),
        ("  %patch -P %{x} -p1", ("%{x}",)),
        ("%{patch5} -p1", ("5",)),
        ("%patch12 -b .old -z .x", ("12",)),
        ("%{!?skip:%patch3 -p1}", ("3",)),
    ],
)
def test_spellings_of_patch(line, numbers):
    (application,) = Spec.parse("x", f"%prep\n{line}\n".encode()).prep.applications
    assert application.numbers == numbers


def test_patches_that_the_shell_applies():
    text = "%prep\nfor p in %{patches}; do patch < $p; done\ncat %{P:1} %{PATCH2} | patch\n# %{patches}\n%%{patches}\n"
    prep = Spec.parse("x", text.encode()).prep
    assert [(a.kind, a.line, a.numbers) for a in prep.applications] == [("shell", 2, ()), ("shell", 3, ("1", "2"))]


def test_autosetup():
    prep = Spec.parse("x", b"%prep\n%autosetup -p1 -n x-%{version} -a 1\n").prep
    assert [(a.kind, a.strip) for a in prep.applications] == [("autosetup", "1")]
    assert prep.setups[0].sources == ("0", "1")
    prep = Spec.parse("x", b"%prep\n%autosetup -N -p1\ncd foo\n%autopatch -p2\n").prep
    assert [(a.kind, a.strip) for a in prep.applications] == [("autopatch", "2")]


def test_lists_of_sources_and_patches():
    spec = Spec.parse("x", b"Source5: a\n%sourcelist\nb.tar\n# c\n\n%patchlist\nx.patch\n%{?y:z.patch}\n%description\n")
    assert [(tag.name, tag.place, tag.value) for tag in spec.tags] == [
        ("Source", 5, "a"), ("Source", 6, "b.tar"), ("Patch", 0, "x.patch"), ("Patch", 1, "z.patch"),
    ]  # fmt: skip


def test_a_subpackage_within_a_branch_ends_with_it():
    spec = Spec.parse("x", b"%if 1\n%package a\nSummary: a\n%else\nRequires: main\n%endif\nGroup: a\n")
    assert [(tag.name, spec.sections[tag.section].kind) for tag in spec.tags] == [
        ("Summary", "package"), ("Requires", "preamble"), ("Group", "package"),
    ]  # fmt: skip


def test_damaged_specs_still_have_lines():
    spec = Spec.parse("x", b"%endif\nName: %{open\n%if 1\nVersion: 2\n%else\n")
    assert spec.layout.unmatched == (1, 3)
    assert spec.layout.unclosed == (2,)
    assert [tag.name for tag in spec.tags] == ["Name", "Version"]
    assert spec.blocks[0].end == 5
    assert not spec.blocks[0].closed


def test_very_deep_and_very_open_specs_are_read_in_time():
    spec = Spec.parse("x", b"%if 1\n" * 4000 + b"%endif\n" * 4000)
    assert len(spec.lines) == 8000
    spec = Spec.parse("x", b"%{?a:\n" * 4000)
    assert spec.tags == ()
    spec = Spec.parse("x", b"%{?a:" * 5000 + b"}" * 5000)
    assert [use.name for use in spec.uses] == []
    assert spec.tags == ()


def test_edits_keep_everything_else():
    spec = Spec.parse("x", b"a\r\nb\r\nc")
    assert spec.insert(2, ["x", "y"]).content == b"a\r\nx\r\ny\r\nb\r\nc"
    assert spec.insert(4, ["d"]).content == b"a\r\nb\r\nc\r\nd\r\n"
    assert spec.remove(2).content == b"a\r\nc"
    assert spec.replace(1, "A").content == b"A\r\nb\r\nc"
    assert Spec.parse("x", b"").insert(1, ["a"]).content == b"a\n"
    with pytest.raises(InputError, match="x:4: there is no line 5"):
        spec.remove(4, 2)
    with pytest.raises(InputError, match="the same line"):
        spec.with_edits([Edit(Origin("x", 1), 2, ()), Edit(Origin("x", 2), 1, ("n",))])


pieces = st.sampled_from(
    [*EXAMPLE.split("\n"), "%{", "}", "\\", "%if", "%endif", "%(", ")", "\r", "\x0c", "%package", "%%{"]
)


@given(st.lists(pieces, max_size=30).map("\n".join), st.sampled_from(["\n", "\r\n", ""]))
def test_nothing_is_lost_and_nothing_fails(text, end):
    content = (text.replace("\n", end) if end else text).encode()
    spec = Spec.parse("x", content)
    assert spec.to_bytes() == content
    assert "".join(line.text + line.end for line in spec.lines).encode() == content
    assert [line.number for line in spec.lines] == list(range(1, len(spec.lines) + 1))
    count = len(spec.lines)
    for item in (*spec.tags, *spec.definitions, *spec.uses, *spec.file_uses, *spec.prep.applications):
        assert 1 <= item.line <= count
    for use in spec.uses:
        assert spec.line(use.line).text[use.column] == "%"
    for tag in spec.tags:
        assert tag.value.split("\n")[0].strip() in spec.line(tag.line).text
    for line in spec.lines:
        assert len(spec.conditions(line.number)) == len(line.within)
        assert line.first <= line.number <= spec.end_of(line.number)
    assert (
        sum(len(spec.body(section)) for section in spec.sections)
        + sum(line.directive == "section" for line in spec.lines)
        == count
    )


@given(st.binary(max_size=80))
def test_random_bytes(content):
    spec = Spec.parse("x", content)
    assert "".join(line.text + line.end for line in spec.lines).encode("utf-8", "surrogateescape") == content
    assert len(spec.uses) + len(spec.tags) + len(spec.definitions) + len(spec.prep.applications) >= 0


@given(st.lists(st.sampled_from(["a\n", "b\n", "\n"]), max_size=6), st.sampled_from(["", "c"]), st.data())
def test_splices(lines, last, data):
    lines = [*lines, last] if last else lines
    edits, at = [], 1
    while at <= len(lines) + 1 and data.draw(st.booleans()):
        at = data.draw(st.integers(at, len(lines) + 1))
        remove = data.draw(st.integers(0, len(lines) + 1 - at))
        edits.append(Edit(Origin("x", at), remove, tuple(data.draw(st.lists(st.sampled_from("nm"), max_size=2)))))
        at += max(remove, 1)
    expected = list(lines)
    for edit in reversed(edits):
        expected[edit.origin.line - 1 : edit.origin.line - 1 + edit.remove] = [line + "\n" for line in edit.insert]
    # Only the file's own last line may lack its end, and only while it is still the last.
    expected = [line if line.endswith("\n") else line + "\n" for line in expected[:-1]] + expected[-1:]
    content = "".join(lines).encode()
    assert spliced(content, data.draw(st.permutations(edits))) == "".join(expected).encode()
    assert spliced(content, []) == content
