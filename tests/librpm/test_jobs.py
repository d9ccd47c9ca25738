"""What answers mean, whatever they are."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.librpm.jobs import Task, as_evaluations, as_expansions, as_reading
from generator.librpm.sandbox import Limits
from generator.reading import line_number
from tests.librpm.packages import RED

TASK = Task("read", RED, {"tea": True}, "pixel.spec", "SPECS/0/pixel.spec", "gui")
LIMITS = Limits()


@given(
    st.text(),
    st.binary(),
    st.binary() | st.just(b"[" * 100_000) | st.just(b'{"spec":"x","target":"y","packages":[{}]}'),
)
@example("signal :", b"", b"")
@example("signal ²", b"", b"")
def test_any_answer_is_a_reading(ended: str, log: bytes, result: bytes) -> None:
    for word in (ended, "ok"):
        reading = as_reading(TASK, LIMITS, word, log, result)
        assert (reading.spec, reading.target, reading.flavour, reading.features) == (
            "pixel.spec",
            "red",
            "gui",
            {"tea": True},
        )
        assert reading.error
        asked = Task("expand", RED, {}, texts=["a", "b"])
        assert [bool(found.error) for found in as_expansions(asked, LIMITS, word, log, result)] == [True, True]
        assert [isinstance(found, str) for found in as_evaluations(asked, LIMITS, word, log, result)] == [True, True]


def test_a_reading_cannot_name_another_spec_or_target() -> None:
    forged = b'{"spec":"other.spec","target":"blue","flavour":"x","features":{"a":true},"log":["no"],"name":"n"}'
    reading = as_reading(TASK, LIMITS, "ok", b"real\n", forged)
    assert (reading.spec, reading.target, reading.flavour, reading.features, reading.log) == (
        "pixel.spec",
        "red",
        "gui",
        {"tea": True},
        ("real",),
    )


FAILED = b'{"spec":"","target":"","error":"can\'t parse specfile"}'


@pytest.mark.parametrize(
    ("log", "error", "line", "rest"),
    [
        ("error: /home/abuild/rpmbuild/SPECS/3/pixel.spec: line 5: Bad", "line 5: Bad", 5, ()),
        ("error: /home/abuild/rpmbuild/SPECS/3/pixel.spec:6: bad %if", "line 6: bad %if", 6, ()),
        ("error: line 7: B\nwarning: /home/abuild/rpmbuild/SOURCES/x:3: o", "line 7: B", 7, ("warning: x:3: o",)),
        ("error: bare words\nerror:    ^\nerror: line 8: bad", "line 8: bad", 8, ("error: bare words",)),
        ("error: no line", "no line", None, ()),
        ("noise", "can't parse specfile", None, ("noise",)),
    ],
)  # fmt: skip
def test_the_fatal_message_is_found(log: str, error: str, line: int | None, rest: tuple[str, ...]) -> None:
    reading = as_reading(TASK, LIMITS, "ok", log.encode(), FAILED)
    assert (reading.error, line_number(reading.error), reading.log) == (error, line, rest)
