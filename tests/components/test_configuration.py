"""Configuration files and directories: what a real shell makes of the rendered commands is what was written."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator.librpm import Librpm
from generator.targets import load
from tests.components.installed import installed
from tests.definition.folders import SMALLEST, problems, rendered, spec

TARGET = load("tumbleweed")


def made(librpm: Librpm, definition: str) -> dict[str, tuple[bytes, int]]:
    sources = rendered(definition)
    (reading,) = librpm.read(sources, [TARGET]).readings
    return installed(reading, sources)


pieces = st.sampled_from(
    ["'", '"', "\\", "\\n", "\\\\", "$HOME", "$(touch x)", "`id`", "%", "%n", " ", "  ", "-n", "-e", "|", ">", "#",
     "&&", "word", "{", "}", "~", "!", "*", "[", "Grüße", "鯨", "=", ";"]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(pieces | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=3), max_size=6).map("".join))
@example("-n")
@example("-e a\\tb")
@example("a\\\\b")
@example('it\'s "so" $(touch x) `id`')
@example("100%")
@example(" x ")
def test_a_content_of_one_line_is_written_as_it_is(librpm: Librpm, content: str) -> None:
    said = json.dumps(content.replace("%", "%%"), ensure_ascii=False)
    definition = f"{SMALLEST}configuration:\n  /etc/sample: {{content: {said}, mode: 0640}}\n"
    refused = problems(definition)
    if refused:
        assert {line for line, _ in refused} == {10}
        ends_odd = (len(content) - len(content.rstrip("\\"))) % 2
        control = any(ord(one) in (0x2028, 0x2029, 0xFEFF, 0x85) or 0xFFFE <= ord(one) <= 0xFFFF for one in content)
        assert not content.strip() or ends_odd or control, refused
        return
    found = made(librpm, definition)
    assert found["/etc/sample"] == (f"{content}\n".encode(), 0o640)


def test_paths_with_blanks_stand_in_quotes(librpm: Librpm) -> None:
    found = made(
        librpm,
        SMALLEST + "configuration: {'\"/etc/a b/c d\"': {content: x}}\n"
        "directories: {'\"/srv/e f\"': {mode: 0700}, '%{_datadir}/g': }\n",
    )
    assert found["/etc/a b/c d"] == (b"x\n", 0o644)
    assert {"/srv/e f", "/usr/share/g"} <= set(found)


@pytest.mark.parametrize("kind", ["configuration: {PATH: {content: x}}", "directories: {PATH: }", "files: [PATH]"])
@pytest.mark.parametrize("path", ["/srv/a b", '"/srv/a', '/srv/"a b"', "srv/a", "%{_bindir} x", '"srv"'])
def test_a_path_that_a_shell_would_take_for_two_is_refused(kind: str, path: str) -> None:
    ((line, said),) = problems(f"{SMALLEST}{kind.replace('PATH', json.dumps(path))}\n")
    assert line == 9
    assert "in quotes where it holds blanks" in said


@pytest.mark.parametrize("path", ["/srv/{a,b}", "%{_bindir}/x", '"%{_bindir}/x y"', "%{?x: /y}/z", "%{_libdir}/*.so"])
def test_other_paths_are_not(path: str) -> None:
    assert problems(f"{SMALLEST}files: [{json.dumps(path)}]\n") == []


def test_a_file_of_the_folder_is_a_source() -> None:
    text = spec(SMALLEST + "configuration: {/etc/sample: {file: x.conf, noreplace: false}}\n", {"x.conf": "a\n"})
    assert "install -D -m0644 %{SOURCE1000} %{buildroot}/etc/sample\n" in text
    assert "%files\n%config /etc/sample\n" in text


@pytest.mark.parametrize("given", ["{}", "{file: x, content: y}"])
def test_each_has_one_text(given: str) -> None:
    ((line, said),) = problems(f"{SMALLEST}configuration:\n  /etc/sample: {given}\n", {"x": ""})
    assert line == 10
    assert "give one of file and content" in said
