"""Documentation: upstream's files, texts of our own, manual pages."""

from __future__ import annotations

import pytest

from generator.components.documentation import Documentation, Manuals, Own, expand
from generator.components.facts import Facts
from generator.librpm import Librpm
from generator.targets import load
from tests.definition.folders import SMALLEST, definition, problems, rendered, spec
from tests.proof.packages import PACKAGES, defined

FACTS = Facts("sample", "1.0", {})
TREES = SMALLEST.rpartition("trees:")[0] + (
    "trees:\n"
    "  other: {archive: other-1.0.tar.gz, source: 1}\n"
    "  sample: {archive: sample-1.0.tar.gz, patches: [{number: 1, file: a.patch}]}\n"
)
EVERYTHING = TREES + (
    "documentation:\n"
    "  doc: [README.md, docs/*.txt]\n"
    "  license: [LICENSE]\n"
    "  own: {README_SUSE.md: {source: 7, because: For those who begin.}}\n"
    "  manuals: {source: man, pages: [sample-*.1, sample.conf.5, Sample.3pm]}\n"
)
PATCH = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
OWN = {"README_SUSE.md": "Read me.\n"}


def test_what_upstream_brings_is_listed_and_not_installed() -> None:
    entry = Documentation(doc=["README.md", "docs/*.txt"], license=["LICENSE"])
    (found,) = expand(entry, FACTS)
    lines = [(file.attributes, file.path, file.install) for file in found.files]
    assert lines == [("%doc", "README.md docs/*.txt", ""), ("%license", "LICENSE", "")]


def test_a_text_of_ours_is_a_source_that_is_copied_into_its_tree_and_listed() -> None:
    first, second = expand(Documentation(own={"README": Own(source=7, tree="x", because="Why.")}), FACTS)
    assert [(file.attributes, file.path) for file in first.files] == [("%doc", "README")]
    (source,) = second.sources
    assert (source.name, source.number, source.because, source.external) == ("README", 7, "Why.", False)
    assert (second.tree, second.scope) == ("x", {"copied": "README"})


def test_manual_pages_go_to_the_folder_of_their_section() -> None:
    pages = ["sample-*.1", "sample.conf.5", "Sample.3pm"]
    (found,) = expand(Documentation(manuals=Manuals(source="man", pages=pages)), FACTS)
    assert [file.path for file in found.files] == [
        "%{_mandir}/man1/sample-*.1%{ext_man}",
        "%{_mandir}/man5/sample.conf.5%{ext_man}",
        "%{_mandir}/man3/Sample.3pm%{ext_man}",
    ]
    assert found.files[2].install == "install -D -p -m0644 -t %{buildroot}%{_mandir}/man3 man/man3/Sample.3pm"


def test_nothing_given_is_nothing() -> None:
    (found,) = expand(Documentation(), FACTS)
    assert (found.files, found.sources, found.tags) == ((), (), ())


def test_every_part_leads_to_its_entry() -> None:
    given = definition(EVERYTHING, {**OWN, "a.patch": PATCH})
    first, second = expand(given.components["documentation"], FACTS)
    assert [file.origin.line for file in first.files if file.origin] == [11, 12, 14, 14, 14]
    assert [part.origin.line for part in (second, *second.sources) if part.origin] == [13, 13]


def test_the_rendered_text() -> None:
    text = spec(EVERYTHING, {**OWN, "a.patch": PATCH})
    assert "# For those who begin.\nSource7:        README_SUSE.md\n" in text
    assert "%setup -q -n sample-1.0\ncp %{SOURCE7} .\n%patch -P 1 -p1\n" in text  # before the patches, in the last tree
    assert text.count("cp %{SOURCE7} .") == 1
    assert (
        "%files\n"
        "%doc README.md docs/*.txt README_SUSE.md\n"
        "%license LICENSE\n"
        "%{_mandir}/man1/sample-*.1%{ext_man}\n"
        "%{_mandir}/man5/sample.conf.5%{ext_man}\n"
        "%{_mandir}/man3/Sample.3pm%{ext_man}\n"
    ) in text


def test_manual_pages_are_installed_after_the_body_and_before_what_comes_last() -> None:
    files = {"install.sh": "make install\n", "install.last.sh": "%fdupes %{buildroot}\n"}
    text = spec(SMALLEST + "documentation: {manuals: {source: man, pages: [a.1]}}\n", files)
    install = "install -D -p -m0644 -t %{buildroot}%{_mandir}/man1 man/man1/a.1"
    assert f"%install\nmake install\n\n{install}\n\n%fdupes %{{buildroot}}\n" in text


def test_a_text_of_ours_can_be_a_template() -> None:
    sources = rendered(SMALLEST + "documentation: {own: {README: }}\n", {"README.j2": "This is ${{ name }}.\n"})
    assert sources.files["README"].text == "This is sample.\n"
    assert "cp %{SOURCE1000} .\n" in sources.spec.text


def test_librpm_reads_what_belongs_to_the_package(librpm: Librpm) -> None:
    sources = rendered(EVERYTHING, {**OWN, "a.patch": PATCH})
    view = librpm.read(sources, [load("sle12"), load("tumbleweed")])
    for reading in view.readings:
        assert (reading.error, reading.log) == ("", ()), sources.spec.text
        (package,) = reading.packages
        lines = " ".join(package.files)
        assert "%doc README.md docs/*.txt README_SUSE.md" in lines
        assert "%license LICENSE" in lines
        assert "/usr/share/man/man3/Sample.3pm" in lines
        copied = reading.prep.index("README_SUSE.md")
        assert reading.prep.index("cd 'sample-1.0'") < copied < reading.prep.index("a.patch")


@pytest.mark.parametrize("name", PACKAGES)
def test_both_flavours_have_their_own_readme(librpm: Librpm, name: str) -> None:
    sources = defined(name).sources()
    assert name in sources.files["README_SUSE.md"].text
    (reading,) = librpm.read(sources, [load("sle15")]).readings
    main = reading.packages[0]
    assert "%doc README.md README_SUSE.md" in main.files
    assert "%license LICENSE" in main.files
    assert (130, "README_SUSE.md") in {(source.number, source.name) for source in reading.sources}
    assert len([line for line in main.files if line.startswith("/usr/share/man/")]) == 4


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("documentation:\n  docs: [x]\n", 12, "docs"),
        ("documentation:\n  doc: [a b]\n", 12, "a name or pattern without blanks"),
        ("documentation:\n  own:\n    a/b: {}\n", 13, "the name of a file without a directory"),
        ("documentation:\n  own:\n    README: {}\n", 13, "the source README is nowhere"),
        ("documentation:\n  own:\n    README_SUSE.md: {tree: sampel}\n", 13, "there is no tree 'sampel'"),
        ("documentation:\n  own:\n    README_SUSE.md: {tree: other}\n", 13, "%doc looks in 'sample'"),
        ("documentation:\n  manuals: {source: man, pages: [a]}\n", 12, "a manual page with its section"),
        ("documentation:\n  manuals: {source: man, pages: [man1/a.1]}\n", 12, "a manual page with its section"),
        ("documentation:\n  manuals: {pages: [a.1]}\n", 12, "source"),
        ("documentation:\n  manuals: {source: man}\n", 12, "pages"),
    ],
)
def test_errors(text: str, line: int, said: str) -> None:
    files = {**OWN, "a.patch": PATCH}
    ((at, message),) = problems(TREES + "facts:\n" + text, files)
    assert at == line
    assert said in message
