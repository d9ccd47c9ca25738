import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import references
from generator.errors import InputError


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("bsc#1233819", "bsc#1233819"),
        ("BSC#1233819", "bsc#1233819"),
        ("bnc: 42", "bnc#42"),
        ("boo # 7", "boo#7"),
        ("CVE-2024-41110", "CVE-2024-41110"),
        ("FATE #12", "fate#12"),
        ("jsc#PED-12534", "jsc#PED-12534"),
        ("github#moby/moby#12", "gh#moby/moby#12"),
        ("Kernel#5", "bko#5"),
        ("blp#5", "lp#5"),
        ("obs#3", "obs#3"),
    ],
)
def test_spellings(text, normal):
    assert references.is_reference(text)
    assert references.normalise(text) == normal
    assert str(references.parse(text)) == normal
    assert references.is_reference(normal)


@pytest.mark.parametrize(
    "text", ["", "bsc", "bsc#", "#12", "cve-2024-1", "CVE-24-1", "lib#12", "jsc#12", "gh#12", "RH#1"]
)
def test_what_is_none(text):
    assert not references.is_reference(text)
    assert not references.find(text)
    with pytest.raises(InputError, match="is not a reference"):
        references.parse(text)


def test_positions_and_order():
    text = "- Fix a leak (bsc#1, CVE-2024-2,bnc#3)\n  see gh#a/b-c#4."
    found = references.find(text)
    assert [str(reference) for reference in found] == ["bsc#1", "CVE-2024-2", "bnc#3", "gh#a/b-c#4"]
    assert all(text[reference.start : reference.end] == reference.text for reference in found)


def test_two_spellings_of_one_bug():
    assert references.parse("boo#12").identity == references.parse("bsc#12").identity
    assert references.parse("bsc#12").identity != references.parse("fate#12").identity


def test_addresses():
    assert references.parse("boo#12").url == "https://bugzilla.opensuse.org/show_bug.cgi?id=12"
    assert references.parse("bnc#12").url == "https://bugzilla.suse.com/show_bug.cgi?id=12"
    assert references.parse("gh#a/b#12").url == "https://github.com/a/b/issues/12"
    assert references.parse("CVE-2024-1").url == "https://www.cve.org/CVERecord?id=CVE-2024-1"


def test_every_tracker_is_found_by_each_of_its_names():
    for tracker in references.TRACKERS:
        number = {"CVE": "2024-1", "jsc": "PED-1", "gh": "a/b#1"}.get(tracker.names[0], "1")
        for name in tracker.names:
            text = f"{name}-{number}" if name == "CVE" else f"{name}#{number}"
            (reference,) = references.find(f"({text})")
            assert (reference.tracker, reference.number) == (tracker.names[0], number)
            assert reference.url.startswith("http")


@given(st.text(alphabet=st.sampled_from("bscnoCVE-#: 0123456789/ghfate\n(,)"), max_size=60))
def test_random_text(text):
    found = references.find(text)
    assert all(text[reference.start : reference.end] == reference.text for reference in found)
    normal = references.normalise(text)
    assert [str(reference) for reference in references.find(normal)] == [str(reference) for reference in found]
    assert references.normalise(normal) == normal
