import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import InputError
from generator.sources.bullets import Bullet, format_bullets, parse_bullets, width_of, wrap

LONG = "https://example.org/" + "x" * 80


def test_the_strict_form():
    bullets = (
        Bullet(
            "Fix a leak of file descriptors in the client, which happened whenever a build was cancelled. bsc#1, "
            "CVE-2024-2",
            (Bullet("0001-a.patch"), Bullet("see " + LONG + " for more")),
        ),
        Bullet("Short"),
    )
    text = format_bullets(bullets)
    assert text == (
        "- Fix a leak of file descriptors in the client, which happened\n"
        "  whenever a build was cancelled. bsc#1, CVE-2024-2\n"
        "  * 0001-a.patch\n"
        "  * see\n"
        f"    {LONG}\n"
        "    for more\n"
        "- Short\n"
    )
    assert parse_bullets(text) == bullets


def test_a_mark_never_begins_a_line():
    assert wrap("one two - three", 10, "- ", "  ") == ["- one", "  two -", "  three"]
    assert wrap("- - -", 3, "- ", "  ") == ["- - - -"]


def test_what_people_write():
    text = "* one\n  more\n  - below\n    still\n\nfree text\ngoes on\n\t+ deeper\n- two\n"
    assert parse_bullets(text) == (
        Bullet("one more", (Bullet("below still"),)),
        Bullet("free text goes on", (Bullet("deeper"),)),
        Bullet("two"),
    )
    assert parse_bullets("") == ()
    assert parse_bullets("  indented only") == (Bullet("indented only"),)


def test_what_cannot_be_written():
    with pytest.raises(InputError, match="is empty"):
        format_bullets([Bullet("a", (Bullet(" "),))])
    with pytest.raises(InputError, match=r"U\+001B"):
        format_bullets([Bullet("a\x1b[0m")])


words = st.text(alphabet=st.sampled_from("ab-*+#:/.é•"), min_size=1, max_size=12)
texts = st.lists(words, min_size=1, max_size=20).map(" ".join)
trees = st.recursive(
    texts.map(Bullet),
    lambda inner: st.builds(Bullet, texts, st.lists(inner, max_size=3).map(tuple)),
    max_leaves=6,
)


@given(st.lists(trees, max_size=4).map(tuple), st.integers(20, 90))
def test_bullets_are_read_back(bullets, width):
    text = format_bullets(bullets, width)
    assert parse_bullets(text) == bullets
    longest = max((len(word) for bullet in bullets for part in bullet.walk() for word in part.text.split()), default=0)
    for line in text.split("\n"):
        assert len(line) <= width or longest + 16 > width or any(f" {mark}" in line for mark in "-*+•")


@given(st.text(alphabet=st.sampled_from("ab -*+\t\n•:"), max_size=80) | st.text(max_size=40))
def test_random_text(text):
    bullets = parse_bullets(text)
    words = [word for bullet in bullets for part in bullet.walk() for word in part.text.split()]
    assert len(words) <= len(text.split())
    try:
        again = format_bullets(bullets)
    except InputError:
        return
    assert parse_bullets(again) == bullets


@pytest.mark.parametrize("width", [67, 72, 76, 79, 80])
def test_the_width_of_wrapped_text(width):
    sentence = "the quick brown fox jumps over the lazy dog while seven wizards quietly judge my vow "
    bodies = [format_bullets([Bullet(sentence[shift:] + sentence * 6 + LONG + " x")], width) for shift in range(12)]
    assert width_of(bodies) == width


def test_widths_that_do_not_tell():
    assert width_of([]) == 67
    assert width_of(["- short\n- " + "long " * 40]) == 67
    ragged = ["- a\n  b\n  c d e f g\n  h " + "i" * 40 + "\n  j"]
    assert width_of(ragged) == 67
