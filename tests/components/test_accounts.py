"""Accounts: systemd-sysusers makes of the rendered file what the definition says, or the definition is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.definition.folders import SMALLEST, problems, rendered

pytestmark = pytest.mark.root  # systemd-sysusers gives files to root


def text_of(user: Mapping[str, object], form: str = "sysusers") -> str:
    """A definition with one user; what is said of it stands on line 11."""
    said = json.dumps({"name": "someone", **user}, ensure_ascii=False)
    return f"{SMALLEST}accounts:\n  sample: {{form: {form}, users: [\n    {said}]}}\n"


def passwd(file: str) -> dict[str, list[str]]:
    """/etc/passwd as systemd-sysusers makes it of a sysusers.d file in an empty root: fields by account."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "etc").mkdir()
        command = ["systemd-sysusers", f"--root={root}", "-"]
        done = subprocess.run(command, input=file, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr + file
        lines = (root / "etc/passwd").read_text().splitlines()
    return {line.split(":")[0]: line.split(":") for line in lines}


def shell_words(file: str) -> list[list[str]]:
    """The fields of each line as sysuser-tools reads them on SUSE's codestreams: `read` without -r, then eval."""
    script = 'while read line; do set -f; eval set -- $line; printf "%s\\0" "$@"; printf "\\n\\0"; done'
    with tempfile.TemporaryDirectory() as folder:  # a fault would run words of the text: no program is there for it
        done = subprocess.run(
            ["/bin/bash", "-c", script],
            input=file,
            capture_output=True,
            text=True,
            timeout=30,
            cwd=folder,
            env={"PATH": "/nonexistent", "LC_ALL": "C.UTF-8"},
        )
    assert (done.returncode, done.stderr) == (0, ""), file
    return [line.split("\0")[:-1] for line in done.stdout.split("\n\0")]


@pytest.fixture(scope="module", autouse=True)
def _tool() -> None:
    if not shutil.which("systemd-sysusers"):
        pytest.skip("systemd-sysusers is not installed; scripts/setup installs it")


pieces = st.sampled_from(
    ["'", '"', "\\", "\\\\", "$(touch x)", "`id`", "$HOME", "%", "%%", "%h", "%m", " ", "  ", "-", "#", ";", "&", "|",
     "word", "Words.", "{", "}", "~", "!", "Grüße", "鯨", "🐳", "\u00a0", "\u200b", "\u0301", ",", "=", "<", ">", ":",
     "\t", "\\n", "\\x41", "\\t", "\\s"]
)  # fmt: skip
descriptions = st.lists(pieces | st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=8).map("".join)


@settings(max_examples=150, deadline=None)
@given(descriptions)
@example('say "hi"')
@example("it's")
@example('it\'s "so"')
@example("a\\")
@example("\\'\\\"")
@example("$(touch x) `id` $HOME")
@example("100% of %h, %%")
@example("%0 %9")
@example("%")
@example("-")
@example(" -")
@example("  two  blanks  ")
@example("tab\there")
@example("a:b")
@example("\x7f")
@example("#")
@example("\u0085")
def test_a_description_comes_back_or_is_refused(description: str) -> None:
    definition = text_of({"description": description})
    refused = problems(definition)
    if refused:
        assert all(line == 11 for line, _ in refused), refused
        # only for what no reader of sysusers.d can hold
        holds = description != "-" and ":" not in description and not any(map(_is_control, description))
        assert not holds, refused
        return
    file = rendered(definition).files["sample.sysusers"].text
    account = passwd(file)["someone"]
    assert account[4] == description, file
    line = next(words for words in shell_words(file) if words[:2] == ["u", "someone"])
    assert len(line) == 6, file
    if "%" not in description:
        assert line[3].split() == description.split() or (line[3], description) == ("-", "")  # eval joins its words


def _is_control(character: str) -> bool:
    return ord(character) < 32 or 0x7F <= ord(character) < 0xA0 or character in "\u2028\u2029\ufeff\ufffe\uffff"


paths = st.lists(st.sampled_from(["/", ".", "..", "a", "a.b", "-", "_", "+", "var", "lib", "nologin"]), max_size=7).map(
    lambda parts: "/" + "".join(parts)
)


@settings(max_examples=150, deadline=None)
@given(paths, paths)
@example("/", "/")
@example("/var//lib", "/bin/sh")
@example("/var/lib/", "/bin/sh")
@example("/var/./lib", "/bin/sh")
@example("/var/../lib", "/bin/sh")
@example("/var/lib", "/bin/")
def test_home_and_shell_come_back_or_are_refused(home: str, shell: str) -> None:
    definition = text_of({"home": home, "shell": shell})
    refused = problems(definition)
    if refused:
        assert all(line == 11 for line, _ in refused), refused
        plain = [f"/{'/'.join(filter(None, path.split('/')))}" for path in (home, shell)]
        assert [home, shell] != plain or {".", ".."} & {*home.split("/"), *shell.split("/")} or shell == "/", refused
        return
    account = passwd(rendered(definition).files["sample.sysusers"].text)["someone"]
    assert account[5:] == [home, shell]


@settings(max_examples=60, deadline=None)
@given(st.from_regex(r"[a-z_][a-z0-9_-]{0,30}", fullmatch=True), st.integers(0, 10**9))
@example("a" * 31, 480)
@example("-a", 480)
@example("_", 1)
@example("a", 0)
@example("a", 65535)
@example("a", 65534)
@example("a", 999999999)
def test_a_name_and_an_id_come_back_or_are_refused(name: str, number: int) -> None:
    definition = text_of({"name": name, "id": number})
    refused = problems(definition)
    if refused:
        assert all(line == 11 for line, _ in refused), refused
        assert number in (0, 65535) or number > 999999999 or name[0] == "-" or name == "root"
        return
    account = passwd(rendered(definition).files["sample.sysusers"].text)[name]
    assert account[:4] == [name, "x", str(number), str(number)]


@pytest.mark.parametrize("number", ["0480", "00", "4 8", "+1", "-1", "0x10"])
def test_an_id_that_is_no_plain_number_is_refused(number: str) -> None:
    assert [line for line, _ in problems(text_of({"id": number}))] == [11]
