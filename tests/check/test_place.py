import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.check.place import expands_to, literal, macros, place


@pytest.mark.parametrize(
    ("raw", "text", "may"),
    [
        ("docker", "docker", True),
        ("docker", "docker-ce", False),
        ("%{name}-%{version}.tar.xz", "docker-27.4.1.tar.xz", True),
        ("%{?sysusers_requires}", "anything at all", True),
        ("%(date +%Y)-x", "2024-x", True),
        ("%name  =   %{version}", "docker = 1", True),
        ("100%%", "100%", True),
        ("%{!?a:%{b}}.patch", "x.patch", True),
        ("%{name}.patch", "x.diff", False),
    ],
)
def test_what_a_raw_line_may_become(raw: str, text: str, may: bool) -> None:
    assert expands_to(raw, text) is may


@given(
    st.lists(st.sampled_from(["a", "b", "ab", "%%", "%x", "%{x}", "%(x)"]), max_size=6),
    st.text(alphabet="ab%", max_size=8),
)
def test_macros_stand_for_anything(parts: list[str], text: str) -> None:
    known = {"%%": "%", "%x": ".*", "%{x}": ".*", "%(x)": ".*"}
    # a name goes on as far as it can, so that one is never followed by a letter here
    parts = [f"{part}-" if part == "%x" else part for part in parts]
    pattern = "".join(known.get(part.rstrip("-"), part) + "-" * part.endswith("-") for part in parts)
    assert expands_to("".join(parts), text) is bool(re.fullmatch(pattern, text))


def test_the_line_that_holds_the_text_wins_then_the_one_that_shares_most() -> None:
    lines = [(1, "%{x}"), (2, "%{name}-cli = %{version}"), (3, "docker-cli = 1")]
    assert place(lines, "docker-cli = 1") == 3
    assert place(lines[:2], "docker-cli = 1") == 2
    assert place(lines[:1], "docker-cli = 1") == 1
    assert place([(4, "other")], "docker") is None


def test_the_macros_of_a_line() -> None:
    assert list(macros("%{?with_x:%{docker_version}} %name 100%")) == ["with_x", "docker_version", "name"]
    assert literal("a%{b}c%d e") == "ac e"


@given(st.text(alphabet="%{}()?!:ab \n", max_size=40), st.text(alphabet="ab \n", max_size=10))
def test_no_line_is_too_odd(raw: str, text: str) -> None:
    expands_to(raw, text)
    literal(raw)
    list(macros(raw))
