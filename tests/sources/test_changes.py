from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import InputError
from generator.sources.bullets import Bullet
from generator.sources.changes import SEPARATOR, Changes, header, new_entry

STRICT = f"""{SEPARATOR}
Tue Dec  3 09:08:07 UTC 2024 - Ada Example <ada@example.org>

- Add a patch. bsc#1233819, CVE-2024-41110
  * 0001-a.patch

{SEPARATOR}
Mon Dec  2 12:00:00 UTC 2024 - bob@example.org

- Update to 27.4.0
"""

ZOO = """Fri Jan  5 2001 - no.separator@example.org

- first
------------------------------------------------------------------
Wed Feb 17 08:00:00 CET 2024 - Bad Weekday <w@example.org>
- no blank line above
free text at the margin
\ttabs

  * after a blank line

--------------------------------------------------------------------  \n

Sun Mar 03 12:34 2024  two.blanks@example.org

* star first
-------------------------------------------------------------------
-------------------------------------------------------------------
Mon Apr  1 10:00:00 AM +0530 2024 - x@example.org

- below two separators
  ----------------------------------------------------------
  indented rows are text
-------------------------------------------------------------------
2024-05-01 - iso@example.org

- another form
-------------------------------------------------------------------
Thu May 2 25:00:00 UTC 2024 - impossible@example.org
-------------------------------------------------------------------
Fri 3 May 01:02:03 PM CEST 2024 - day.first@example.org
"""


def parse(text):
    return Changes.parse("x.changes", text.encode())


def test_the_strict_form():
    changes = parse(STRICT)
    first, second = changes.entries
    assert first.date == datetime(2024, 12, 3, 9, 8, 7, tzinfo=UTC)
    assert (first.author, first.name, first.address) == (
        "Ada Example <ada@example.org>",
        "Ada Example",
        "ada@example.org",
    )
    assert first.body == "- Add a patch. bsc#1233819, CVE-2024-41110\n  * 0001-a.patch"
    assert (first.line, first.body_line, second.line) == (2, 4, 8)
    assert [str(reference) for reference in first.references] == ["bsc#1233819", "CVE-2024-41110"]
    assert first.bullets == (Bullet("Add a patch. bsc#1233819, CVE-2024-41110", (Bullet("0001-a.patch"),)),)
    assert (second.name, second.address, second.zone, second.true_weekday) == ("", "bob@example.org", "UTC", True)
    assert (changes.preface, changes.newest) == (b"", first)
    assert changes.to_bytes() == STRICT.encode()


def test_the_zoo():
    changes = parse(ZOO)
    assert changes.to_bytes() == ZOO.encode()
    dates = [entry.date and entry.date.astimezone(UTC).strftime("%F %T") for entry in changes.entries]
    assert dates == [
        "2001-01-05 00:00:00",
        "2024-02-17 07:00:00",
        "2024-03-03 12:34:00",
        "2024-04-01 04:30:00",
        None,
        None,
        "2024-05-03 11:02:03",
    ]
    assert [entry.address for entry in changes.entries] == [
        "no.separator@example.org", "w@example.org", "two.blanks@example.org", "x@example.org", "iso@example.org",
        "impossible@example.org", "day.first@example.org",
    ]  # fmt: skip
    assert [entry.true_weekday for entry in changes.entries] == [True, False, True, True, True, True, True]
    assert changes.entries[1].body == "- no blank line above\nfree text at the margin\n\ttabs\n\n  * after a blank line"
    assert changes.entries[3].body.endswith("indented rows are text")
    assert [entry.body for entry in changes.entries[4:]] == ["- another form", "", ""]
    lines = ZOO.split("\n")
    assert all(lines[entry.line - 1].strip() == entry.header for entry in changes.entries)


def test_no_entries():
    for text in ("", "\n", "just text\n", SEPARATOR + "\n", f"a table\n{SEPARATOR}\nrow\n"):
        changes = parse(text)
        assert (changes.entries, changes.newest, changes.to_bytes()) == ((), None, text.encode())
        assert changes.width == 67


def test_carriage_returns_and_other_bytes():
    content = STRICT.replace("\n", "\r\n").encode() + b"- \xe9t\xe9\r\n"
    changes = Changes.parse("x", content)
    assert changes.to_bytes() == content
    assert [entry.date is None for entry in changes.entries] == [False, False]
    assert "\r" not in changes.entries[0].body


def test_a_new_entry_goes_on_top():
    date = datetime(2025, 1, 5, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))
    entry = new_entry(date, "Jürgen Example <j@example.org>", [Bullet("Fix it. bsc#1", (Bullet("a.patch"),))])
    assert entry.raw.decode() == (
        f"{SEPARATOR}\nSat Jan  4 23:02:03 UTC 2025 - Jürgen Example <j@example.org>\n\n"
        "- Fix it. bsc#1\n  * a.patch\n\n"
    )
    assert (entry.date, entry.name) == (date, "Jürgen Example")
    changes = parse(STRICT).prepend(entry)
    assert changes.to_bytes() == entry.raw + STRICT.encode()
    assert changes.new_since(parse(STRICT)) == (changes.entries[0],)
    assert changes.new_since(None) == (changes.entries[0],)
    assert changes.keeps(parse(STRICT))
    assert not parse(STRICT).keeps(changes)
    assert [found.line for found in changes.entries] == [2, 8, 14]


def test_a_missing_first_separator_is_put_between():
    entry = new_entry(datetime(2025, 1, 5, tzinfo=UTC), "A <a@b>", [Bullet("new")])
    old = STRICT.partition("\n")[2]
    changes = parse(old).prepend(entry)
    assert changes.to_bytes() == entry.raw + STRICT.encode()
    assert parse("").prepend(entry).to_bytes() == entry.raw


@pytest.mark.parametrize("author", ["", "a@example.org", "A <a>", "<a@example.org>", "A <a@b>\nx", "A <a b@c>"])
def test_authors_are_checked(author):
    with pytest.raises(InputError, match="the author of an entry"):
        new_entry(datetime(2025, 1, 1, tzinfo=UTC), author, [Bullet("a")])


def test_an_entry_needs_text_and_a_zone():
    with pytest.raises(InputError, match="at least one"):
        new_entry(datetime(2025, 1, 1, tzinfo=UTC), "A <a@b>", [])
    with pytest.raises(ValueError, match="time zone"):
        new_entry(datetime(2025, 1, 1), "A <a@b>", [Bullet("x")])  # noqa: DTZ001  (that it has none is the point)


def test_entries_against_a_base():
    base = parse(STRICT)
    mended = parse(STRICT.replace("Update to 27.4.0", "Update to 27.4.0, bsc#9"))
    assert mended.new_since(base) == ()
    assert mended.changed_since(base) == ((base.entries[1], mended.entries[1]),)
    assert mended.missing_since(base) == ()
    spaced = parse(STRICT.replace("\n\n- ", "\n\n\n-  ").replace("- bob", " -  bob"))
    assert (spaced.new_since(base), spaced.changed_since(base), spaced.missing_since(base)) == ((), (), ())
    only = parse(STRICT.partition("\n\n" + SEPARATOR)[0])
    assert only.missing_since(base) == (base.entries[1],)
    assert base.new_since(only) == (base.entries[1],)
    assert base.changed_since(only) == ()
    doubled = parse(STRICT + STRICT)
    assert len(doubled.new_since(base)) == 2
    assert doubled.changed_since(base) == ()


def test_wrapping_follows_the_package():
    sentence = "all of the words of this sentence are wrapped where this package wraps its own text, too. "
    entry = new_entry(datetime(2025, 1, 1, tzinfo=UTC), "A <a@b>", [Bullet(sentence * 6)], 79)
    changes = Changes.parse("x", entry.raw)
    assert changes.width == 79


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1000, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001  (hypothesis wants bare limits)
def test_headers_are_read_back(date):
    text = f"{SEPARATOR}\n{header(date, 'A <a@b>')}\n"
    (entry,) = parse(text).entries
    assert entry.date == date.replace(microsecond=0)
    assert entry.true_weekday
    assert entry.header == header(date, "A <a@b>")


lines = st.sampled_from(
    [SEPARATOR, SEPARATOR[9:], "-" * 72 + " ", "-" * 30, "", " ", "- a", "  * b", "text", "x@y", "\ttab", "Tue"]
    + [line for line in ZOO.split("\n") if "2024" in line or "2001" in line]
)


@given(st.lists(lines, max_size=25), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_nothing_is_lost(parts, end, final):
    text = end.join(parts) + (end if final else "")
    changes = parse(text)
    assert changes.to_bytes() == text.encode()
    rows = text.split("\n")
    for entry in changes.entries:
        assert rows[entry.line - 1].strip() == entry.header
        if entry.body:
            assert rows[entry.body_line - 1].rstrip("\r") == entry.body.split("\n")[0]
    entry = new_entry(datetime(2025, 1, 1, tzinfo=UTC), "A <a@b>", [Bullet("new")])
    longer = changes.prepend(entry)
    assert longer.to_bytes().startswith(entry.raw)
    assert longer.keeps(changes)
    if not changes.preface.strip():
        assert longer.newest.body == "- new"
        assert longer.entries[1:] == () or longer.entries[1].identity == changes.entries[0].identity
    assert len(longer.entries) >= len(changes.entries)


@given(st.binary(max_size=150))
def test_random_bytes(content):
    changes = Changes.parse("x", content)
    assert changes.to_bytes() == content
    assert changes.new_since(changes) == changes.changed_since(changes) == changes.missing_since(changes) == ()
