"""References to bugs and features, as the Open Build Service finds them in entries and patches.

The trackers, their spellings and addresses are those that the Open Build Service seeds its table with
(open-build-service, `src/api/db/seeds.rb`); `jsc` is not among them, but is in use in SUSE's entries. Unlike there a
reference here begins at a word's beginning, so that `lib#12` is not a reference to `b#12`.
"""

from __future__ import annotations

import re
from functools import cache

import msgspec

from generator.errors import InputError


class Tracker(msgspec.Struct, frozen=True):
    """One issue tracker: how a reference to it is spelled, and where it leads.

    `names` are the prefixes, the first one is that of the tracker's label; `number` matches what follows them;
    `separator` matches what stands between. Where `cases` is set, capitals make no difference. In `address` a `{}`
    stands for the number.
    """

    names: tuple[str, ...]
    address: str
    number: str = r"\d+"
    separator: str = "#"
    cases: bool = False


_BUGZILLA = "/show_bug.cgi?id={}"

# A tracker that shares its numbers with others (bsc, boo and bnc are one Bugzilla) stands once.
TRACKERS: tuple[Tracker, ...] = (
    Tracker(("bsc", "boo", "bnc"), "https://bugzilla.suse.com" + _BUGZILLA, separator=r"\s*[#:]\s*", cases=True),
    Tracker(("CVE",), "https://www.cve.org/CVERecord?id=CVE-{}", r"\d\d\d\d-\d+", "-"),
    Tracker(("jsc",), "https://jira.suse.com/browse/{}", r"[A-Z][A-Z0-9]*-\d+"),
    Tracker(("fate",), "https://features.opensuse.org/{}", separator=r"\s*#\s*", cases=True),
    Tracker(("gh", "github"), "https://github.com/{}", r"[\w-]+/[\w-]+#\d+"),
    Tracker(("obs",), "https://github.com/openSUSE/open-build-service/issues/{}"),
    Tracker(("osc",), "https://github.com/openSUSE/osc/issues/{}"),
    Tracker(("build",), "https://github.com/openSUSE/obs-build/issues/{}"),
    Tracker(("rh",), "https://bugzilla.redhat.com" + _BUGZILLA),
    Tracker(("kde",), "https://bugs.kde.org" + _BUGZILLA),
    Tracker(("bgo",), "https://bugzilla.gnome.org" + _BUGZILLA),
    Tracker(("bko", "Kernel", "K"), "https://bugzilla.kernel.org" + _BUGZILLA),
    Tracker(("bmo",), "https://bugzilla.mozilla.org" + _BUGZILLA),
    Tracker(("bso",), "https://bugzilla.samba.org" + _BUGZILLA),
    Tracker(("bxo",), "https://bugzilla.xfce.org" + _BUGZILLA),
    Tracker(("bxc", "Xamarin"), "http://bugzilla.xamarin.com" + _BUGZILLA),
    Tracker(("fdo",), "https://bugs.freedesktop.org" + _BUGZILLA),
    Tracker(("beo",), "https://bugs.eclipse.org/bugs" + _BUGZILLA),
    Tracker(("bio",), "https://bugzilla.icculus.org" + _BUGZILLA),
    Tracker(("bco",), "http://bugzilla.clutter-project.org" + _BUGZILLA),
    Tracker(("lf",), "https://developerbugs.linuxfoundation.org" + _BUGZILLA),
    Tracker(("GCC",), "https://gcc.gnu.org/bugzilla" + _BUGZILLA),
    Tracker(("deb",), "https://bugs.debian.org/cgi-bin/bugreport.cgi?bug={}"),
    Tracker(("lp", "blp"), "https://bugs.launchpad.net/bugs/{}"),
    Tracker(("RT",), "https://rt.cpan.org/Public/Bug/Display.html?id={}"),
    Tracker(("ITS",), "https://www.openldap.org/its/index.cgi/Contrib?id={}"),
    Tracker(("boost",), "https://svn.boost.org/trac/boost/ticket/{}"),
    Tracker(("Meego",), "https://bugs.meego.com" + _BUGZILLA),
    Tracker(("sf",), "https://sf.net/support/tracker.php?aid={}"),
    Tracker(("i",), "https://openoffice.org/bugzilla" + _BUGZILLA),
)


@cache
def _expression() -> re.Pattern[str]:
    parts = []
    for index, tracker in enumerate(TRACKERS):
        names = "|".join(map(re.escape, tracker.names))
        names = f"(?i:{names})" if tracker.cases else f"(?:{names})"
        parts.append(f"(?P<name{index}>{names}){tracker.separator}(?P<number{index}>{tracker.number})")
    return re.compile(r"(?<![^\W_])(?:" + "|".join(parts) + ")", re.ASCII)


class Reference(msgspec.Struct, frozen=True):
    """One reference: `tracker` is the first name of its tracker, `name` the one for its normal form,
    `text` as written.

    `start` and `end` are positions in the text it was found in.
    """

    tracker: str
    name: str
    number: str
    text: str
    start: int = 0
    end: int = 0

    def __str__(self) -> str:
        """The normal form: `bsc#1233819`, `CVE-2024-41110`, `gh#moby/moby#1`."""
        return f"{self.name}-{self.number}" if self.tracker == "CVE" else f"{self.name}#{self.number}"

    @property
    def identity(self) -> tuple[str, str]:
        """What is equal for two references to one issue, however they are spelled (bsc#1 and boo#1)."""
        return self.tracker, self.number

    @property
    def url(self) -> str:
        """The page of the issue."""
        if self.name == "boo":
            return f"https://bugzilla.opensuse.org/show_bug.cgi?id={self.number}"
        address = next(tracker.address for tracker in TRACKERS if tracker.names[0] == self.tracker)
        if self.tracker == "gh":
            return address.format(self.number.replace("#", "/issues/"))
        return address.format(self.number)


def _reference(match: re.Match[str]) -> Reference:
    index = next(index for index in range(len(TRACKERS)) if match[f"name{index}"] is not None)
    tracker, name = TRACKERS[index], match[f"name{index}"]
    # bsc, boo and bnc stay what they are: each says where the bug was filed.
    name = name.lower() if tracker.cases else tracker.names[0]
    return Reference(tracker.names[0], name, match[f"number{index}"], match[0], match.start(), match.end())


def find(text: str) -> tuple[Reference, ...]:
    """All references in `text`, in their order, with their positions."""
    return tuple(map(_reference, _expression().finditer(text)))


def parse(text: str) -> Reference:
    """The one reference that `text` is.

    Raises:
        InputError: it is none, or more than one.
    """
    match = _expression().fullmatch(text.strip())
    if match is None:
        raise InputError(f"{text!r} is not a reference", hint="write it like bsc#1233819, CVE-2024-41110 or jsc#PED-1")
    return _reference(match)


def is_reference(text: str) -> bool:
    """Whether the whole of `text` is one reference."""
    return _expression().fullmatch(text.strip()) is not None


def normalise(text: str) -> str:
    """The text with every reference in its normal form; all else is kept."""
    return _expression().sub(lambda match: str(_reference(match)), text)
