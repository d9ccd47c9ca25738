from pathlib import PurePosixPath

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.definition.nodes import Document, Entries, Items, load_nodes, read_nodes
from generator.errors import InputError
from generator.origin import Text

PATH = PurePosixPath("specs/x/package.yaml")

EXAMPLE = """\
# a comment
name: docker
version: 27.10          # stays text
on: yes
nothing:
null value: null
"quoted": "a: b"
text: |
  one
   two

# between
trees:
  - name: engine   # first
    patches:
    - {file: a.patch, number: 100,
       when: with x}
    - file: b.patch

      number: 101
    # a comment after

  -
    name: cli
flow: {a: 1, b: [x, y]}
last:
- a
-
- b
"""


def load(text):
    return load_nodes(text.encode(), PATH)


def test_values_are_text_with_lines():
    document = load(EXAMPLE)
    root = document.root
    assert root["version"] == "27.10"
    assert root["on"] == "yes"
    assert root["nothing"] == root["null value"] == ""
    assert root["text"] == "one\n two\n"
    assert root["trees"][0]["patches"][0]["when"].origin.line == 17
    assert {str(key): key.origin.line for key in root} == {
        "name": 2, "version": 3, "on": 4, "nothing": 5, "null value": 6, "quoted": 7, "text": 8, "trees": 13,
        "flow": 25, "last": 26,
    }  # fmt: skip
    assert isinstance(root["name"], Text)
    assert str(root["name"].origin) == "specs/x/package.yaml:2"
    assert isinstance(root["trees"], Items)
    assert root.key_origin("flow").line == 25
    assert type(next(iter(root.plain()))) is str


@pytest.mark.parametrize(
    ("keys", "span"),
    [
        (("name",), (2, 2, 0, False)),
        (("nothing",), (5, 5, 0, False)),
        (("text",), (8, 10, 0, False)),
        (("trees",), (13, 24, 0, False)),
        (("trees", 0), (14, 20, 2, False)),
        (("trees", 0, "patches"), (15, 20, 4, False)),
        (("trees", 0, "patches", 0), (16, 17, 4, False)),
        (("trees", 0, "patches", 0, "when"), (17, 17, 7, True)),
        (("trees", 0, "patches", 1), (18, 20, 4, False)),
        (("trees", 0, "patches", 1, "number"), (20, 20, 6, False)),
        (("trees", 1), (23, 24, 2, False)),
        (("trees", 1, "name"), (24, 24, 4, False)),
        (("flow", "b", 1), (25, 25, 20, True)),
        (("last", 0), (27, 27, 0, False)),
        (("last", 1), (28, 28, 0, False)),
        (("last",), (26, 29, 0, False)),
    ],
)
def test_spans(keys, span):
    document = load(EXAMPLE)
    assert document.span(*keys) == span
    assert document.origin(*keys).line == span[0]


def test_what_is_not_there():
    document = load(EXAMPLE)
    with pytest.raises(KeyError):
        document.span("missing")
    with pytest.raises(IndexError):
        document.node("trees", 7)
    with pytest.raises(KeyError):
        document.node("trees", "name")
    with pytest.raises(KeyError):
        document.span("name", 0)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: &x b", 1, "the anchor &x"),
        ("a: *x", 1, r"the alias \*x"),
        ("a: !!str b", 1, "tags"),
        ("a: !b", 1, "tags"),
        ("a: 1\nb: 2\na: 3", 3, "`a` is already on line 1"),
        ("a: {b: 1, b: 2}", 1, "`b` is already"),
        ("a: 1\n---\nb: 2", 2, "a second document"),
        ("- a\n- b", 1, "no mapping"),
        ("just text", 1, "no mapping"),
        ("? [a, b]\n: c", 1, "a plain word"),
        ("a: 1\n?\n: c", 2, "a key is empty"),
        ("<<: {a: b}", 1, "merged keys"),
        ("a: 1\nb: \x07", 2, r"control character U\+0007"),
        ('a: "x\\0y"', 1, r"control character U\+0000 in a value"),
        ("a: b\rc: d", 1, r"U\+000D"),
        ("a: b\u0085c: d", 1, r"U\+0085"),
        ("\ufeffa: b", 1, r"U\+FEFF \(save the file without"),
        ("a: %{version}", 1, r"cannot start any token \(quote"),
        ("a: b: c", 1, "quote a value that holds"),
        ("x: 1\na: [b,\n  c\nd: e", 2, "not closed"),
        ("x: 1\na: 'b\n\n", 2, "not closed"),
        ("a:\n\tb: c", 2, "indent with blanks"),
        ("a: 1\n b: 2", 2, "YAML"),
        ("a:\n  - b\n c: d", 3, "YAML"),
        ("[" * 10000, 1, "nested too deeply"),
        ("a: {" * 50, 1, "nested too deeply"),
    ],
)
def test_what_the_language_does_not_have(text, line, message):
    with pytest.raises(InputError, match=message) as caught:
        load(text)
    assert caught.value.problems[0].origin == (PATH, line)


def test_everything_wrong_is_reported_at_once():
    document, problems = read_nodes(b"a: &x 1\nb: !t 2\na: 3\nc: *x\nd: 4\n", PATH)
    assert [problem.origin.line for problem in problems] == [1, 2, 3, 4]
    assert document.root == {"a": "1", "b": "2", "c": "", "d": "4"}
    document, problems = read_nodes(b"a: &x 1\nb: %\n", PATH)
    assert document is None
    assert [problem.origin.line for problem in problems] == [1, 2]


def test_other_encodings():
    with pytest.raises(InputError, match="2: this is not UTF-8"):
        load_nodes(b"a: b\nc: \xff\n", PATH)


def test_empty_files_and_line_ends():
    assert load("").root == {}
    assert load("# only a comment\n").root == {}
    assert load("---\n").root == {}
    document = load("a: b\r\nc: |\r\n  d\r\n  e\r\nf: g\r\n")
    assert document.root == {"a": "b", "c": "d\ne\n", "f": "g"}
    assert document.span("c") == (2, 4, 0, False)


def test_kept_blank_lines_belong_to_the_text():
    document = load("a: |+\n  b\n\nc: d\n")
    assert document.root["a"] == "b\n\n"
    assert document.span("a")[:2] == (1, 3)


plain = st.text(alphabet=st.sampled_from("ab %{}[]:#-'\"\\\n\t&*!|>é0"), max_size=20)
trees = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain.filter(bool), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.dictionaries(plain.filter(bool), trees, max_size=4), st.sampled_from([True, False, None]), st.integers(20, 80)
)
def test_what_pyyaml_writes_is_read_back_with_true_spans(tree, flow, width):
    text = yaml.dump(tree, default_flow_style=flow, width=width, allow_unicode=True, Dumper=yaml.SafeDumper)
    # The dumper quotes what would not be a string, so that every value is one here too.
    document = load(text)
    assert document.root == tree
    lines = text.split("\n")

    def look(node, path):
        keys = list(node) if isinstance(node, Entries) else range(len(node)) if isinstance(node, Items) else ()
        ends = 0
        for key in keys:
            span = document.span(*path, key)
            if not span.inline:
                assert span.start > ends
                assert isinstance(node, Entries) or lines[span.start - 1][span.column] == "-"
            assert span.start <= span.end <= len(lines)
            ends = span.end
            look(node[key], (*path, key))

    look(document.root, ())
    for key in list(tree):
        span = document.span(key)
        if not span.inline:
            rest = "\n".join(lines[: span.start - 1] + lines[span.end :])
            assert load(rest).root == {other: value for other, value in tree.items() if other != key}


@given(st.text(alphabet=st.sampled_from("ab:-[]{},&*!|>'\"%@`#? \n\t\r<~.\\"), max_size=60) | st.text(max_size=30))
def test_random_text(text):
    document, problems = read_nodes(text.encode("utf-8", "surrogatepass"), PATH)
    assert isinstance(document, Document) or problems
    assert all(problem.origin is not None and problem.origin.line >= 1 for problem in problems)


@given(st.binary(max_size=60))
def test_random_bytes(content):
    document, problems = read_nodes(content, PATH)
    assert isinstance(document, Document) or problems
