import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import InputError
from generator.sources.multibuild import Multibuild
from generator.sources.service import Parameter, Service, ServiceFile, write_services

USUAL = """\
<services>
  <service name="tar_scm" mode="manual">
    <param name="url">https://example.org/a.git?x=1&amp;y=2</param>
    <param name="exclude">.git</param>
    <param name="exclude">*.zip</param>
  </service>
  <service name="recompress" mode="manual">
    <param name="file">*.tar</param>
  </service>
  <service name="set_version"/>
</services>
"""


def test_the_usual_form_is_read_and_written():
    file = ServiceFile.parse(USUAL.encode())
    first, second, third = file.services
    assert (first.name, first.mode, first.line) == ("tar_scm", "manual", 2)
    assert first.value("url") == "https://example.org/a.git?x=1&y=2"
    assert first.values("exclude") == (".git", "*.zip")
    assert [parameter.line for parameter in first.parameters] == [3, 4, 5]
    assert (second.line, third.line, third.mode, third.value("nothing")) == (7, 10, "", "")
    assert file.to_bytes() == USUAL.encode()
    assert write_services(file.services) == USUAL


def test_other_spellings():
    text = "<?xml version='1.0' encoding='UTF-8'?>\n<!-- why -->\n<services>\n\t<service\n\tmode='disabled' name='x'>\n"
    text += "<param name='a'><![CDATA[<b>]]></param><note/></service></services>"
    (service,) = ServiceFile.parse(text.encode()).services
    assert (service.name, service.mode, service.value("a"), service.line) == ("x", "disabled", "<b>", 4)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "XML"),
        ("<services>\n<service>\n", 3, "XML"),
        ("<services>\n<service/></services>", 2, "without a name"),
        ("\n<project/>", 2, "is not <services>"),
        ('<!DOCTYPE x [\n<!ENTITY a "b">]><services/>', 1, "not read here"),
        ('<?xml-stylesheet href="x"?><services/>', 1, "not read here"),
        ("<services>\n&undefined;</services>", 2, "XML"),
        ("<services>" + "<a>" * 50, 1, "nested too deeply"),
        ("<?xml version='1.0' encoding='nonsense'?><services/>", 1, "encoding"),
    ],
)
def test_what_is_refused(text, line, message):
    with pytest.raises(InputError, match=message) as caught:
        ServiceFile.parse(text.encode())
    assert caught.value.problems[0].origin.line == line


# XML has no control characters, and an attribute's line ends become blanks.
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn"), exclude_characters="\ufffe\uffff"))
services = st.builds(
    Service,
    words.filter(bool),
    words,
    st.lists(st.builds(Parameter, words, words.map(str.strip)), max_size=3).map(tuple),
)


@given(st.lists(services, max_size=3))
def test_what_is_written_is_read_back(given_services):
    text = write_services(given_services)
    read = ServiceFile.parse(text.encode()).services
    assert write_services(read) == text
    assert [(s.name, s.mode, [(p.name, p.value) for p in s.parameters]) for s in read] == [
        (s.name, s.mode, [(p.name, p.value) for p in s.parameters]) for s in given_services
    ]


@given(
    st.binary(max_size=60)
    | st.lists(
        st.sampled_from(
            ["<services>", "</services>", "<service name='a'>", "</service>", "<param", ">", "&amp;", "<!", "x"]
        )
    )
    .map("".join)
    .map(str.encode)
)
def test_random_input(content):
    try:
        assert ServiceFile.parse(content).to_bytes() == content
    except InputError as error:
        assert error.problems[0].origin is not None  # noqa: PT017  (either outcome is right, this is one of them)


def test_multibuild():
    text = "<multibuild>\n  <flavor>gui</flavor>\n  <package> doc </package>\n  <flavor/>\n <other/></multibuild>\n"
    file = Multibuild.parse(text.encode())
    assert [(flavour.name, flavour.line, flavour.package) for flavour in file.flavours] == [
        ("gui", 2, False), ("doc", 3, True), ("", 4, False),
    ]  # fmt: skip
    assert file.names == ("", "gui", "doc")
    assert file.to_bytes() == text.encode()
    assert Multibuild.parse(b'<multibuild buildemptyflavor="false"><flavor>a</flavor></multibuild>').names == ("a",)
    assert Multibuild.parse(b'<multibuild buildemptyflavor="0"/>').names == ("",)
    with pytest.raises(InputError, match="_multibuild:1: <services> is not <multibuild>"):
        Multibuild.parse(b"<services/>")
