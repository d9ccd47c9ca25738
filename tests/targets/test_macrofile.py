"""`--macros FILE`: rpm's macro files, and project configurations of the Open Build Service."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import targets
from generator.errors import InputError
from generator.targets.macrofile import parse

SLE15 = targets.load("sle15")
MACROS = r"""
# a comment
%suse_version   1550
%define plain value with  blanks
%global other %{plain}/x
%_fillupdir /somewhere
%post_it(n:) first \
  second %{1} \
%{nil}
%braced %{expand:
  1}
%fdupes plain now
"""
CONFIGURATION = r"""
Preinstall: aaa_base
%define stage 2
%if %stage > 0
%define sle_version 150900
Macros:
%sle_version 150900
:Macros
%else
Macros:
%sle_version 0
:Macros
%endif
%if "%_project" == "openSUSE:Factory" || 1
Macros:
%never 1
:Macros
%else
Macros:
%never 2
:Macros
%endif
%ifarch x86_64 aarch64
Macros:
%hwcaps \
  one \
%{nil}
:Macros
%endif
%ifnarch x86_64
Macros:
%is_opensuse 1
:Macros
%endif
%if ! (0%{?suse_version} < 1500 && %stage == 2) && "%stage" == "2"
Macros:
%rubygem() rubygem(%1)
:Macros
%endif
Prefer: -python
not a macro line %at all
"""


def test_a_macro_file_lies_over_the_target() -> None:
    target = targets.with_macros(SLE15, MACROS, "my.macros")
    assert target.macros["suse_version"] == "1550"
    assert target.macros["plain"] == "value with  blanks"
    assert target.macros["other"] == "%{plain}/x"
    assert target.macros["braced"] == "%{expand:\n  1}"
    assert "post_it" in target.parametric
    assert "post_it" not in target.macros
    assert target.macros["fdupes"] == "plain now"
    assert "fdupes" not in target.parametric
    assert target.macros["_unitdir"] == SLE15.macros["_unitdir"]
    assert target.definitions.startswith(SLE15.definitions)
    rows = {row.macro: row.source for row in targets.explain(target)}
    assert rows["suse_version"] == "my.macros"
    assert rows["_unitdir"].startswith("systemd")
    assert SLE15.macros["suse_version"] == "1500"


def test_a_macro_that_was_undefined_is_there() -> None:
    target = targets.with_macros(targets.load("sle12"), MACROS)
    assert target.macros["_fillupdir"] == "/somewhere"
    assert "_fillupdir" not in target.undefined


def test_a_project_configuration() -> None:
    found = parse(CONFIGURATION, SLE15, PurePosixPath("prjconf"))
    assert found.macros["sle_version"] == "150900"
    assert found.macros["stage"] == "2"
    assert "hwcaps" in found.macros
    assert found.parametric == {"rubygem"}
    assert "is_opensuse" not in found.macros
    assert "never" not in found.macros  # neither branch of a condition that cannot be decided
    assert found.skipped == ((14, '%if "%_project" == "openSUSE:Factory" || 1'),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("%good 1\nnot a macro\n", "my.macros:2: 'not a macro' defines no macro"),
        ("%define\n", "my.macros:1: '%define' defines no macro"),
        ("Macros:\n%a_b 1\n:Macros\n%if 1\n", "my.macros:4: %if without %endif"),
        ("Macros:\n%a_b 1\n:Macros\n%endif\n", "my.macros:4: %endif without %if"),
        ("%ba-d 1\n", "my.macros:1: '%ba-d 1' defines no macro"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        targets.with_macros(SLE15, text, "my.macros")
    assert message in str(caught.value)


PIECES = """%|%a_b 1|%if 1|%if "%x" == "y"|%endif|%else|%elif 0|Macros:|:Macros|%ifarch x86_64|{|}|\\|%define x 1|%if %{
%if (1|%if !1 == 1|%if "a" < 1|Prefer: x|%f(n:) %1| |%if"""
pieces = st.sampled_from(PIECES.replace("\n", "|").split("|"))


@given(st.one_of(st.text(max_size=60), st.lists(pieces, max_size=12).map("\n".join)))
def test_any_text_is_macros_or_a_typed_error(text: str) -> None:
    try:
        target = targets.with_macros(SLE15, text, "x")
    except InputError:
        return
    assert target.defined >= SLE15.defined
