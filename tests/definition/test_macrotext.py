from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.definition.macrotext import cycles, fault, references


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docker >= %{version}", ""),
        ("100 %", ""),
        ("%%{", ""),
        ("%%%{x}", ""),
        ("{a", ""),
        ("a}", ""),
        ("%{x:{}}", ""),
        ("%{x:(}", ""),
        ("a\\\\", ""),
        ("a\\b", ""),
        ("%{\\}}", ""),
        ("%{x:{}", "opens %{ without a }"),
        ("%(echo", "opens %( without a )"),
        ("%[1 + (2]", ""),
        ("%[1 + [2]", "opens %[ without a ]"),
        ("a\\", "ends in a backslash, which would join it with the next line"),
        ("a\\\\\\", "ends in a backslash, which would join it with the next line"),
        ("a\nb", "has several lines"),
    ],
)
def test_what_is_one_line(text, expected):
    assert fault(text) == expected


def test_references():
    text = "%{a}-%{?b}%{!?c:x} %d %%{e} %{!?f:%{g}} 100% %1 %{lua:x} %(h %i)"
    assert list(references(text)) == ["a", "b", "c", "d", "f", "g", "lua", "i"]


@pytest.mark.parametrize(
    ("macros", "rings"),
    [
        ({"a": "1", "b": "%{a}", "c": "%{a}%{b}"}, []),
        ({"a": "%{a}"}, [("a", "a")]),
        ({"a": "%{b}", "b": "%{c}", "c": "x%{?b}"}, [("b", "c", "b")]),
        ({"a": "%{b}%{c}", "b": "%{a}", "c": "%{a}"}, [("a", "b", "a"), ("a", "c", "a")]),
        ({"a": "%%{a}", "b": "%{other}"}, []),
    ],
)
def test_cycles(macros, rings):
    assert cycles(macros) == rings


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3), max_size=6))
def test_without_cycles_every_macro_can_be_put_in(graph):
    macros = {name: "".join(f"%{{{other}}}" for other in others) for name, others in graph.items()}
    left = dict(graph)
    while ready := [name for name, others in left.items() if not any(other in left for other in others)]:
        for name in ready:
            del left[name]
    assert bool(cycles(macros)) == bool(left)
