import pytest

from generator.sources import External
from tests.check.rules.conftest import Findings
from tests.check.rules.spec import line, spec


def directory(text: str, *names: str, **more: str) -> dict[str, str]:
    return {"demo.spec": text, "demo.changes": "x", **dict.fromkeys(names, "x"), **more}


def test_declared_and_missing(findings: Findings) -> None:
    text = spec("Source0: https://example.org/demo-%{version}.tar.xz\nSource1: demo.service\n")
    assert findings("source-missing", directory(text, "demo-1.2.tar.xz", "demo.service")) == []
    found = findings("source-missing", directory(text))
    assert [(one.line, one.message, one.severity) for one in found] == [
        (line(text, "Source0"), "demo-1.2.tar.xz mentioned in spec file does not exist", "error"),
        (line(text, "Source1"), "demo.service mentioned in spec file does not exist", "error"),
    ]


def test_an_archive_that_a_service_makes(findings: Findings) -> None:
    text = spec("Source0: demo-%{version}.tar.xz\n")
    assert findings("source-missing", directory(text, "demo-1.2.obscpio")) == []
    (found,) = findings("source-missing", directory(text, "_service"))
    assert found.severity == "note"


def test_external_files_are_one_note_each(findings: Findings) -> None:
    text = spec("Source0: demo-%{version}.tar.xz\nPatch1: a.patch\n")
    external = {"externals": (External("demo-1.2.tar.xz"), External("a.patch"))}
    assert findings("source-missing", directory(text), **external) == []
    found = findings("source-external", directory(text), **external)
    assert [(one.line, one.severity) for one in found] == [
        (line(text, "Source0"), "note"),
        (line(text, "Patch1"), "note"),
    ]
    assert findings("source-external", directory(text, "demo-1.2.tar.xz", "a.patch"), **external) == []


def test_present_and_not_declared(findings: Findings) -> None:
    text = spec("%if 0%{?fedora}\nSource1: fedora-%{version}.patch\n%endif\n")
    given = directory(text, "_service", "demo.obsinfo", "fedora-1.2.patch", "stray.txt")
    (found,) = findings("source-unreferenced", given)
    assert (found.file, found.line, found.severity) == ("stray.txt", 1, "warning")
    assert [one.severity for one in findings("source-unreferenced", given, defined=True)] == ["error"]
    assert found.message == 'Attention, "stray.txt" is not mentioned in spec files as source or patch.'


@pytest.mark.parametrize("kind", ["Source", "Patch"])
def test_a_number_that_is_used_twice(findings: Findings, kind: str) -> None:
    text = spec(f"{kind}3: a.patch\n{kind}3: b.patch\n")
    (found,) = findings("source-number-duplicate", text)
    assert found.line == line(text, "b.patch")
    assert f"on line {line(text, 'a.patch')} too" in found.message


def test_a_number_in_two_branches_is_used_once(findings: Findings) -> None:
    assert findings("source-number-duplicate", spec("%if 1\nPatch3: a\n%else\nPatch3: b\n%endif\n")) == []
    apart = "%if 0%{?suse_version} < 1500\nPatch3: a\n%endif\n%if 0%{?suse_version} >= 1500\nPatch3: b\n%endif\n"
    assert findings("source-number-duplicate", spec(apart)) == []
    assert findings("source-number-duplicate", spec("Patch: a\nPatch: b\nSource: c\n")) == []


def test_an_empty_patch(findings: Findings) -> None:
    given = {"demo.spec": spec(), "a.patch": "", "b.patch": "x"}
    assert [one.file for one in findings("patch-empty", given)] == ["a.patch"]


def test_two_keyrings(findings: Findings) -> None:
    given = {"demo.spec": spec(), "demo.keyring": "x"}
    assert findings("keyring-many", given) == []
    assert [one.file for one in findings("keyring-many", {**given, "other.keyring": "x"})] == ["other.keyring"]


def test_a_file_that_the_server_made(findings: Findings) -> None:
    name = "_service:tar_scm:demo.tar"
    assert [one.file for one in findings("service-generated-file", {"demo.spec": spec(), name: "x"})] == [name]
    assert findings("service-generated-file", {"demo.spec": spec(), "_service": "x"}) == []


def test_an_archive_twice(findings: Findings) -> None:
    given = {"demo.spec": spec(), "demo-1.2.obscpio": "x", "demo-docs.tar.xz": "x"}
    assert findings("archive-doubled", given) == []
    assert [one.file for one in findings("archive-doubled", {**given, "demo-1.2.tar.xz": "x"})] == ["demo-1.2.tar.xz"]


def test_everything_bears_the_name_of_the_package(findings: Findings) -> None:
    assert findings("package-name", directory(spec())) == []
    (missing,) = findings("package-name", {"demo.spec": spec()}, defined=True)
    assert missing.severity == "error"
    assert missing.message.startswith("demo.changes is missing.")
    text = spec().replace("Name:           demo", "Name:           demo-ce")
    (found,) = findings("package-name", directory(text))
    assert found.message == "A package submitted as demo has to build as 'Name: demo' - found Name 'demo-ce'"
    assert found.line == line(text, "Name:   ")
    (other,) = findings("package-name", {"other.spec": spec()})
    assert other.message.startswith("demo.spec is missing.")
