import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import InputError
from generator.sources.sysconfig import Setting, Template, type_of, unquoted, write_template

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


def test_what_is_written():
    text = write_template(
        [
            Setting(
                "DOCKER_OPTS", help="Extra options for the daemon. " * 4 + "\n\nSee the manual.",
                path="System/Management", description="Extra options", restart=("docker", "other"),
            ),
            Setting("FLAG", "yes", "yesno", reload=("docker",)),
        ]
    )  # fmt: skip
    assert text == (
        "## Path: System/Management\n"
        "## Description: Extra options\n"
        "## Type: string\n"
        '## Default: ""\n'
        "## ServiceRestart: docker,other\n"
        "#\n"
        "# Extra options for the daemon. Extra options for the daemon. Extra options for\n"
        "# the daemon. Extra options for the daemon.\n"
        "#\n"
        "# See the manual.\n"
        "#\n"
        'DOCKER_OPTS=""\n'
        "\n"
        "## Type: yesno\n"
        "## Default: yes\n"
        "## ServiceReload: docker\n"
        "#\n"
        'FLAG="yes"\n'
    )


@pytest.mark.parametrize(
    "setting",
    [
        Setting("a b"),
        Setting(""),
        Setting("A", default="a\nb"),
        Setting("A", description="x\\"),
        Setting("A", path="a\nB=1"),
        Setting("A", restart=("a\x00",)),
    ],
)
def test_what_cannot_be_written(setting):
    with pytest.raises(InputError):
        write_template([setting])


values = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)
prose = st.text(alphabet=st.sampled_from('ab #"\\=$\n'), max_size=60)
settings = st.builds(
    Setting,
    st.sampled_from(["A", "_B", "C9"]),
    values,
    st.just("string"),
    prose,
    path=st.sampled_from(["", "System/X"]),
    description=st.sampled_from(["", "Some words"]),
    restart=st.sampled_from([(), ("a",), ("a", "b")]),
)


@given(st.lists(settings, max_size=3))
def test_what_is_written_is_read_back(given_settings):
    text = write_template(given_settings)
    read = Template.parse("x", text.encode()).variables
    assert [(v.name, v.value, v.default) for v in read] == [(s.name, s.default, s.default) for s in given_settings]
    for variable, setting in zip(read, given_settings, strict=True):
        assert variable.comment.split() == setting.help.split()
        assert not setting.path or variable.metadata("Path") == setting.path
        assert not setting.restart or variable.metadata("ServiceRestart") == ",".join(setting.restart)


@given(st.lists(values, min_size=1, max_size=5))
def test_the_shell_reads_the_same(texts):
    text = write_template([Setting(f"V{number}", value) for number, value in enumerate(texts)])
    script = text + "".join(f'printf "%s\\n" "$V{number}"\n' for number in range(len(texts)))
    result = subprocess.run([shutil.which("sh") or "sh"], input=script.encode(), capture_output=True, check=True)
    assert result.stdout == "".join(value + "\n" for value in texts).encode()


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
