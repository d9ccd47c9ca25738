"""A spec that no rule objects to, with what a test adds."""

from __future__ import annotations

HEAD = """\
#
# spec file for package demo
#
# Copyright (c) 2025 SUSE LLC and contributors
#
# The license for this file is the MIT License.
#

{top}Name:           demo
Version:        1.2
Release:        0
Summary:        A demonstration
License:        MIT
"""
FIRST = HEAD.count("\n") + 1  # the line of the first tag that a test adds


def spec(tags: str = "", sections: str = "", top: str = "") -> str:
    """The spec with further tags, further sections, and what stands above its Name."""
    return f"{HEAD.format(top=top)}{tags}%description\nA demonstration.\n{sections}%changelog\n"


def line(text: str, needle: str) -> int:
    """The line, from 1, of the one line that holds `needle`."""
    found = [number for number, content in enumerate(text.split("\n"), 1) if needle in content]
    assert len(found) == 1, (needle, found)
    return found[0]
