"""The kind `accounts`: system users and groups, in one of two forms.

`sysusers`: a sysusers.d file that `%sysusers_generate_pre` (sysuser-tools) turns into the text of `%pre -f`.
`script`: a %pre of our own with getent, groupadd and useradd, for packages built where sysuser-tools is missing.
Both add subordinate ids where they are wanted, and never fail an installation.
Sources: sysusers.d(5), the macro file of sysuser-tools, subuid(5), usermod(8).
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from generator.components.contribution import Contribution, File, Source, Tag, guard
from generator.components.entry import ConditionalEntry, Entry
from generator.components.facts import Facts
from generator.components.kind import Kind

Name = Annotated[str, re.compile(r"[a-z_][a-z0-9_-]{0,30}")]
Number = Annotated[str, re.compile(r"\d{1,9}")]
Range = Annotated[str, re.compile(r"\d{1,9}-\d{1,9}")]


class Group(Entry, frozen=True, kw_only=True):
    """A system group; without an id the system chooses one."""

    shorthand: ClassVar[str] = "name"
    identity: ClassVar[str] = "name"

    name: Name
    id: Number = ""


class User(Entry, frozen=True, kw_only=True):
    """A locked system user with a group of the same name; `subordinate-ids` is a range, FIRST-LAST."""

    shorthand: ClassVar[str] = "name"
    identity: ClassVar[str] = "name"

    name: Name
    description: str = ""
    id: Number = ""
    home: str = ""
    shell: str = ""
    groups: list[Name] = []
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
    source: int | None = None
    package: str = ""


def expand(entries: dict[str, Accounts], facts: Facts) -> Iterable[Contribution]:
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


KIND = Kind("accounts", dict[str, Accounts], expand, order=30)
