"""Expressions that are compiled when they are used do what they would have done."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import late

NEEDLES = st.sampled_from([r"a+", r"(?P<x>b)|c", r"\s*", r"^a$"])


@given(NEEDLES, st.text("abc \n", max_size=12), st.sampled_from([0, re.MULTILINE, re.IGNORECASE]))
def test_it_is_the_same_expression(needle: str, text: str, flags: int) -> None:
    compiled, waiting = re.compile(needle, flags), late.Pattern(needle, flags)
    assert waiting.findall(text) == compiled.findall(text)
    assert waiting.sub("-", text) == compiled.sub("-", text)
    assert (waiting.pattern, waiting.flags, waiting.groups) == (compiled.pattern, compiled.flags, compiled.groups)


def test_only_expressions_of_the_library_wait_and_only_while_it_is_imported() -> None:
    compile_as_ever = re.compile
    with late.patterns(__name__.partition(".")[0]):
        assert isinstance(re.compile("a"), late.Pattern)
        assert re.compile("a").match("a")
    with late.patterns("another"):
        assert isinstance(re.compile("a"), re.Pattern)
    with pytest.raises(ImportError), late.patterns("another"):
        import another_that_is_not_there  # noqa: F401
    assert re.compile is compile_as_ever


# What these libraries do with all of their expressions, the pure Python of PyYAML and the parser of jinja2 included.
USE = """
import sys
if sys.argv[1] == "late":
    from generator.definition import nodes
    from generator.render import templates
import yaml, jinja2

text = "1, 0x1F, 0o7, 017, 1_0, 1:30, 1.5e3, .inf, ~, null, yes, off, 2024-01-02, 2024-01-02T03:04:05.6+01:00, x"
for loader in (yaml.SafeLoader, yaml.FullLoader, yaml.CSafeLoader):
    print([yaml.load(f"- {one}", Loader=loader) for one in text.split(", ")])
try:
    yaml.load("a: \\x00", Loader=yaml.SafeLoader)
except yaml.YAMLError as error:
    print(error)
print(yaml.safe_dump({"a": ["1", "yes", "2024-01-02", 1.5, None, "x: y"]}))
template = "{% for n in [1, 2_0, 1.5e3, 'a\\n'] %}{{ n ~ loop.index }}{% endfor %}{# c #}{%- set bär = 1 %}{{ bär }}"
print(jinja2.Environment().from_string(template).render())
filters = "{{ t | title }} {{ t | wordcount }} {{ t | urlize(extra_schemes=['ftp:']) }} {{ {'a': 1} | xmlattr }}"
print(jinja2.Environment().from_string(filters).render(t="see http://example.org/x, mail a@example.org <b> (ftp:x)"))
for broken in ("{{ 1 +", "{{ '", "{% x %}", "{{ a b }}"):
    try:
        jinja2.Environment().from_string(broken)
    except jinja2.TemplateSyntaxError as error:
        print(error, error.lineno)
"""


def test_libraries_do_what_they_do_without_it() -> None:
    usual, waiting = (
        subprocess.run([sys.executable, "-c", USE, how], capture_output=True, text=True, check=True).stdout
        for how in ("usual", "late")
    )
    assert waiting == usual
    assert "2024" in usual
    assert "mailto:a@example.org" in usual
