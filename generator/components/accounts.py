"""The kind `accounts`: system users and groups, in one of two forms.

`sysusers`: a sysusers.d file that `%sysusers_generate_pre` (sysuser-tools) turns into the text of `%pre -f`.
`script`: a %pre of our own with getent, groupadd and useradd, for packages built where sysuser-tools is missing.
Both add subordinate ids where they are wanted, and never fail an installation.
Sources: sysusers.d(5), the macro file of sysuser-tools, subuid(5), usermod(8).
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, ClassVar, Literal

from msgspec.structs import replace

from generator.components.contribution import Contribution, File, Source, Tag, guard
from generator.components.entry import (
    AccountName,
    ConditionalEntry,
    Entry,
    FileKey,
    Name,
    PlainFile,
    PlainPath,
    Shape,
    SourceNumber,
)
from generator.components.facts import Facts
from generator.components.kind import Kind
from generator.errors import Problem
from generator.origin import origin_of

Number = Annotated[str, Shape(r"(?!65535$)[1-9]\d{0,8}", "an id without leading zeros, other than 0 and 65535")]
Range = Annotated[str, Shape(r"\d{1,9}-\d{1,9}", "a range of ids, FIRST-LAST")]
Description = Annotated[
    str, Shape(r"(?!-$)[^:\x00-\x1f\x7f]*", "one line without a colon or tab, other than -", plain=True)
]
"""What /etc/passwd and systemd's valid_gecos() take; in sysusers.d a - stands for nothing."""


class Group(Entry, frozen=True, kw_only=True):
    """A system group; without an id the system chooses one."""

    shorthand: ClassVar[str] = "name"
    identity: ClassVar[str] = "name"

    name: AccountName
    id: Number = ""


class User(Entry, frozen=True, kw_only=True):
    """A locked system user with a group of the same name; `subordinate-ids` is a range, FIRST-LAST."""

    shorthand: ClassVar[str] = "name"
    identity: ClassVar[str] = "name"

    name: AccountName
    description: Description = ""
    id: Number = ""
    home: PlainPath = ""
    shell: PlainFile = ""
    groups: list[AccountName] = []
    subordinate_ids: Range = ""

    @property
    def first_subordinate_id(self) -> str:
        """The first id of the range."""
        return self.subordinate_ids.partition("-")[0]

    @property
    def subordinate_id_count(self) -> int:
        """How many ids the range has."""
        first, _, last = self.subordinate_ids.partition("-")
        return int(last) - int(first) + 1


class Accounts(ConditionalEntry, frozen=True, kw_only=True):
    """Accounts that are made together; the key names the sysusers.d file, KEY.conf."""

    form: Literal["sysusers", "script"] = "sysusers"
    groups: list[Group] = []
    users: list[User] = []
    source: SourceNumber | None = None
    package: Name = ""


def expand(entries: dict[FileKey, Accounts], facts: Facts) -> Iterable[Contribution]:
    """One contribution per entry: the sysusers.d file and its macros, or the script, and what %pre needs."""
    for name, entry in entries.items():
        under = guard(entry.when)
        subordinate = any(user.subordinate_ids for user in entry.users)
        contribution = Contribution(
            KIND.key, {"name": name, "entry": entry}, entry.package, guard=under, origin=entry.origin
        )

        def tag(name: str, value: str, qualifier: str = "", entry: Accounts = entry) -> Tag:
            return Tag(name, value, qualifier, package=entry.package, guard=guard(entry.when), origin=entry.origin)

        tags = [tag("Requires", "shadow", "post")] if subordinate else []
        if entry.form == "script":
            yield replace(contribution, tags=(tag("Requires", "shadow", "pre"), *tags))
            continue
        template = f"{name}.sysusers"
        pre = "%{name}.pre" if not entry.package else f"%{{name}}-{entry.package}.pre"
        yield replace(
            contribution,
            section_options={"pre": f"-f {pre}"},
            sources=(Source(template, entry.source, template="file", because=entry.because, origin=entry.origin),),
            tags=(
                Tag("BuildRequires", "sysuser-tools", guard=under, origin=entry.origin),
                tag("", "%?sysusers_requires"),
                *tags,
            ),
            files=(
                File(
                    f"%{{_sysusersdir}}/{name}.conf",
                    package=entry.package,
                    install=f"install -D -m0644 %{{SOURCE:{template}}} %{{buildroot}}%{{_sysusersdir}}/{name}.conf",
                    guard=under,
                    origin=entry.origin,
                ),
            ),
        )


def check(entries: dict[FileKey, Accounts], facts: Facts) -> Iterator[Problem]:
    """One sysusers.d file a package, as there is one `%pre -f`; every account once; ranges that hold something."""
    files: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for name, entry in entries.items():
        if entry.form == "sysusers" and files.setdefault(entry.package, name) != name:
            message = f"accounts.{name}: the package already has the sysusers.d file of '{files[entry.package]}'"
            yield Problem(message, entry.origin, "put the accounts into one entry, or use form: script")
        accounts: list[Group | User] = [*entry.groups, *entry.users]
        for account in accounts:
            key = ("user" if isinstance(account, User) else "group", str(account.name))
            if key in seen:
                yield Problem(f"accounts.{name}: there is already a {' '.join(key)}", account.origin, "remove one")
            seen.add(key)
        for user in entry.users:
            first, _, last = user.subordinate_ids.partition("-")
            if first and int(first) > int(last):
                yield Problem(
                    f"accounts.{name}: the range {user.subordinate_ids} is empty",
                    origin_of(user.subordinate_ids),
                    "FIRST-LAST",
                )


KIND = Kind("accounts", dict[FileKey, Accounts], expand, order=30, check=check)
