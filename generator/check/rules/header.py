"""The top of a spec, and its end: copyright, licence, Release, Vendor, %changelog."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from generator.check.case import Case
from generator.check.rule import Hit, rule

_BOT = "Factory's bot (openSUSE-release-tools, check_source.pl)"

# The licences that most packages have need no table of all of them, which takes 5 ms to load.
_COMMON = frozenset(
    (
        *("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "Zlib"),
        *("GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later"),
        *("LGPL-2.0-or-later", "LGPL-2.1-only", "LGPL-2.1-or-later"),
    )
)


@rule(
    "header-copyright",
    "error",
    reason="Factory's bot declines a spec without a copyright comment.",
    source=_BOT,
    example="a spec that begins with Name:",
)
def copyright_comment(case: Case) -> Iterator[Hit]:
    """A spec without a copyright comment."""
    for spec in case.specs:
        if not any(
            line.startswith("#") and "Copyright" in line.lstrip("#* \t")[:10] for line in case.sources.files[spec].lines
        ):
            yield Hit(
                f"{spec} does not appear to contain a Copyright comment",
                spec,
                1,
                hint="begin with: # Copyright (c) YEAR SUSE LLC and contributors",
            )


@rule(
    "header-licence",
    "error",
    reason="Factory's bot declines a spec that does not say under which licence the spec itself is.",
    source=_BOT,
    example="a spec without a comment that says license",
)
def licence_comment(case: Case) -> Iterator[Hit]:
    """A spec without a licence of its own."""
    for spec in case.specs:
        if not any(
            "#" in line and "license" in line.partition("#")[2].lower() for line in case.sources.files[spec].lines
        ):
            yield Hit(
                f"{spec} does not appear to have a license. The file needs to contain a free software license",
                spec,
                1,
                hint="add the standard licence block below the copyright line",
            )


@rule(
    "header-vendor",
    "error",
    reason="OBS sets the vendor; Factory's bot declines a spec that sets it.",
    source=_BOT,
    example="Vendor: SUSE",
)
def vendor(case: Case) -> Iterator[Hit]:
    """A Vendor tag."""
    for spec in case.specs:
        for tag in case.spec(spec).tags:
            if tag.key == "vendor":
                yield Hit(f"{spec} contains a Vendor line, this is forbidden", spec, tag.line, hint="remove it")


@rule(
    "release-not-zero",
    "warning",
    reason="OBS counts releases itself and replaces the value.",
    source="openSUSE wiki, Specfile guidelines",
    example="Release: 1%{?dist}",
)
def release(case: Case) -> Iterator[Hit]:
    """A Release other than 0."""
    for spec in case.specs:
        for tag in case.spec(spec).tags:
            if tag.key == "release" and case.spec(spec).package(tag) is None and not _counted(tag.value.strip()):
                yield Hit(f"Release is {tag.value.strip()}", spec, tag.line, hint="write Release: 0")


def _counted(value: str) -> bool:
    """Whether OBS may count: `0`, also with something optional after it."""
    return value == "0" or (value.startswith("0%{?") and value.endswith("}"))


@rule(
    "changelog-section",
    "error",
    reason="The history lives in the .changes file; rpm and the bot want the empty section.",
    source=_BOT,
    example="a spec without %changelog, or with entries below it",
)
def changelog(case: Case) -> Iterator[Hit]:
    """A spec without an empty %changelog at its end."""
    for spec in case.specs:
        lines = case.sources.files[spec].lines
        at = next((number for number, line in enumerate(lines, 1) if line.split()[:1] == ["%changelog"]), 0)
        if not at:
            yield Hit(
                f"{spec} does not contain a %changelog line",
                spec,
                len(lines) or 1,
                hint="end the spec with %changelog; the entries stay in the .changes file",
            )
            continue
        for number, line in enumerate(lines[at:], at + 1):
            if line.strip() and not line.startswith("#"):
                yield Hit(
                    "%changelog is not empty, or not at the end",
                    spec,
                    number,
                    hint="move what follows: entries to the .changes file, sections above %changelog",
                    severity="warning",
                )
                break


@rule(
    "licence-invalid",
    "error",
    reason="A licence that is no SPDX expression is declined (rpmlint's badness for it is 100000).",
    source="rpmlint invalid-license; openSUSE wiki, Packaging guidelines",
    example="License: GPL v2 or later",
)
def licence(case: Case) -> Iterator[Hit]:
    """A License that SPDX does not know."""
    for spec in case.specs:
        found: dict[str, set[str]] = {}
        for reading in case.good_of(spec):
            for package in reading.packages:
                found.setdefault(package.license, set()).add(reading.target)
        for text, targets in found.items():
            if text and (wrong := _wrong(text)):
                line = case.spec(spec).tag_line(("license",), text)
                yield Hit(
                    f"{text!r} is no SPDX licence: {wrong}",
                    spec,
                    line,
                    frozenset(targets),
                    "take the name from spdx.org/licenses; join with AND, OR",
                )


@cache
def _wrong(expression: str) -> str:
    words = expression.split()
    if (
        len(words) % 2
        and all(word in _COMMON for word in words[::2])
        and all(word in ("AND", "OR") for word in words[1::2])
    ):
        return ""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    # openSUSE's own names, from before SPDX had LicenseRef
    known = [
        f"LicenseRef-{word.replace('+', '')}" if word.startswith("SUSE-") else word for word in _spaced(expression)
    ]
    known = ["LicenseRef-NonFree" if word.removesuffix("+") == "NonFree" else word for word in known]
    try:
        canonicalize_license_expression(" ".join(known).replace("+ ", " ").removesuffix("+"))
    except InvalidLicenseExpression as error:
        return str(error)
    return ""


def _spaced(expression: str) -> list[str]:
    return expression.replace("(", " ( ").replace(")", " ) ").split()
