import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import InputError
from generator.sources.sysconfig import Template, type_of, unquoted

TEMPLATE = r"""## Path           : System/Demo
## Description    : Demo service
## Type           : string
## Default        : ""
## ServiceRestart : demo

#
# Options for the daemon,
#   indented
### hidden
DEMO_OPTS=""
DEMO_MORE='it''s' # why

## Type: list(a,b,"c d")
## Default: "c d"
## Command: echo \
##   twice
# Choice
DEMO_CHOICE="c \"d\" \$x"
## Path: Network/Other
## Type: yesno
export DEMO_FLAG=yes
not a line
DEMO_LONG="one
two"
"""


def test_variables_and_their_metadata():
    template = Template.parse("sysconfig.demo", TEMPLATE.encode())
    assert template.to_bytes() == TEMPLATE.encode()
    opts, more, choice, flag, long = template.variables
    assert (opts.name, opts.value, opts.line, opts.default) == ("DEMO_OPTS", "", 11, "")
    assert opts.comment == "Options for the daemon,\nindented"
    assert [(datum.key, datum.line) for datum in opts.own] == [
        ("Path", 1), ("Description", 2), ("Type", 3), ("Default", 4), ("ServiceRestart", 5),
    ]  # fmt: skip
    assert (more.value, more.own, more.metadata("Type"), more.metadata("ServiceRestart")) == (
        "its",
        (),
        "string",
        "demo",
    )
    assert (choice.value, choice.default) == ('c "d" $x', "c d")
    assert (choice.metadata("Path"), choice.metadata("Command")) == ("System/Demo", "echo twice")
    assert choice.metadata("ServiceRestart") == "", "its own actions take the place of those before"
    assert (flag.value, flag.default, flag.metadata("Path")) == ("yes", None, "Network/Other")
    assert (long.value, long.line, long.metadata("Type")) == ("one\ntwo", 24, "yesno")
    assert type_of(choice).problem(choice.default) == ""
    assert type_of(choice).problem("x") == "'x' is none of a, b, c d"
    assert type_of(Template.parse("x", b"A=1\n").variables[0]).kind == "string"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('"a b"', "a b"), ("a b", "a"), ("'a'\"b\"c", "abc"), (r"a\ b", "a b"), ('"\\n"', "\\n"), ("a;b", "a"),
        ("", ""), ('"open', "open"), ("a\\", "a\\"),
    ],
)  # fmt: skip
def test_words_of_the_shell(text, word):
    assert unquoted(text) == word


pieces = st.sampled_from([*TEMPLATE.split("\n"), "A='", 'B="', "##", "## Type: \\", "C=\\"])


@given(st.lists(pieces, max_size=20).map("\n".join), st.sampled_from(["\n", "\r\n"]))
def test_nothing_is_lost(text, end):
    content = text.replace("\n", end).encode()
    template = Template.parse("x", content)
    assert template.to_bytes() == content
    rows = text.split("\n")
    for variable in template.variables:
        assert f"{variable.name}=" in rows[variable.line - 1]
        assert all(f"{datum.key}" in rows[datum.line - 1] for datum in variable.own)
        try:
            kind = type_of(variable)
        except InputError:
            continue
        assert isinstance(kind.problem(variable.value), str)


@given(st.binary(max_size=80))
def test_random_bytes(content):
    assert Template.parse("x", content).to_bytes() == content
    assert isinstance(Template.parse("x", content).variables, tuple)
