import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import InputError
from generator.sources.settingtype import SettingType


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("string", ["", "anything at all"], []),
        ("string(a,b)", ["a", "other", ""], []),
        ("list(a,b)", ["a", "b"], ["", "c", "a,b"]),
        ('list(a b,"c,d", e)', ["a b", "c,d", "e"], ["c", '"c,d"']),
        ('list("",a)', ["", "a"], ["b"]),
        ("list(on, off,)", ["on", "off", ""], ["on, off"]),
        ("list(,a)", ["", "a"], [","]),
        ("list(a,,b)", ["a", "", "b"], [","]),
        ("integer", ["0", "-12", "+5"], ["", "1.5", "x", "0x1", "1 "]),
        ("integer(0:9)", ["0", "9"], ["-1", "10", ""]),
        ("integer(-5:)", ["-5", "99999999999999999999"], ["-6"]),
        ("integer(:7)", ["7", "-100"], ["8"]),
        ("boolean", ["true", "false"], ["yes", "True", ""]),
        ("yesno", ["yes", "no"], ["true", "Yes", ""]),
        ("ip", ["10.20.0.1", "::1"], ["10.20.0.256", "", "host"]),
        ("ip4", ["10.20.0.1"], ["::1"]),
        ("ip6", ["fe80::1"], ["10.20.0.1"]),
        ("regexp(^0[0-7]*$)", ["0", "0755"], ["755", "08"]),
        ("regexp(^[[:digit:]]+([a-z]|,)*$)", ["12", "1a,b"], ["a"]),
        (" yesno ", ["yes"], ["maybe"]),
    ],
)
def test_values(text, good, bad):
    kind = SettingType.parse(text)
    assert [value for value in good if kind.problem(value)] == []
    assert [value for value in bad if not kind.problem(value)] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("strin", "is it string?"),
        ("", "string, list, integer"),
        ("list", "needs its values"),
        ("integer(1)", "no range"),
        ("integer(a:b)", "no range"),
        ("integer(+:)", "no range"),
        ("yesno(a)", "takes nothing"),
        ("regexp([)", "not a regular expression"),
        ("regexp(*)", "not a regular expression"),
        ("string) x", "there is no type"),
    ],
)
def test_types_that_do_not_exist(text, message):
    with pytest.raises(InputError) as caught:
        SettingType.parse(text)
    assert message in str(caught.value)


def test_messages():
    assert SettingType.parse("integer(1:2)").problem("3") == "3 is more than 2"
    assert SettingType.parse("yesno").problem("x") == "'x' is neither yes nor no"
    assert SettingType.parse("ip4").problem("x") == "'x' is not an IPv4 address"


@pytest.mark.parametrize("expression", ["^(a+)+$", "^(a|a)*$", "^((a*))*$", "^(a|b|ab)*c$", "^(a?)+$", "^(a{1,9})+$"])
def test_an_expression_that_would_take_forever_is_not_tried(expression):
    assert SettingType.parse(f"regexp({expression})").problem("a" * 60 + "!") == ""


@given(
    st.text(alphabet=st.sampled_from("stringlweok()[]{}*+?|\\,:0-9 \"'"), max_size=30) | st.text(max_size=20),
    st.text(max_size=12),
)
def test_random_types(text, value):
    try:
        kind = SettingType.parse(text)
    except InputError:
        return
    assert isinstance(kind.problem(value), str)
