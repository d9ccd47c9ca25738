"""README_SUSE.md: does the rendered file say all that the definition's text and facts say?

It is prose, so there is nothing in the real package to compare it with. What it must say is taken from its source: each
stretch of words between two template tags, and the storage drivers of the packaged version, listed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: What `docker info` may name, from upstream's daemon/graphdriver at the packaged versions (v27.4.1, v24.0.9).
STORAGE_DRIVERS = {
    "docker": ("overlay2", "btrfs", "vfs", "fuse-overlayfs", "zfs"),
    "docker-stable": ("overlay2", "btrfs", "vfs", "fuse-overlayfs", "zfs", "devicemapper"),
}


#: The choices of the package that is compared with: the defaults.
CHOICES = {"buildx-secrets": "spec"}


def stretches(template: str) -> Iterator[str]:
    """The words between two tags of a template, apart from those of a loop's values, and of another choice."""
    open_blocks: list[str] = []
    for part in re.split(r"(\[%.*?%\]|\$\{\{.*?\}\}|\[#.*?#\])", template, flags=re.DOTALL):
        if part.startswith("[%"):
            word = part.strip("[%]").split()[0]
            choice = re.search(r'options\["(.*?)"\] == "(.*?)"', part)
            if word in ("for", "if"):
                open_blocks.append(_chosen(choice) if choice else word)
            elif word in ("elif", "else") and open_blocks[-1] in ("chosen", "done", "other"):
                open_blocks[-1] = _chosen(choice) if open_blocks[-1] == "other" else "done"
            elif word.startswith("end"):
                open_blocks.pop()
        elif {"other", "done"} & {*open_blocks} or part.startswith(("${{", "[#")):
            continue
        elif not {"for", "if"} <= set(open_blocks):
            words = " ".join(part.split())
            if re.search(r"\w", words):
                yield words


def _chosen(choice: re.Match[str] | None) -> str:
    """Whether the words of a block are those of the choice; an else's are."""
    return "chosen" if choice is None or CHOICES[choice[1]] == choice[2] else "other"


def unsaid(name: str, template: str, text: str) -> list[str]:
    """What the README of the package `name` does not say, though it should."""
    said = " ".join(text.split())
    missing = [words for words in stretches(template) if words not in said]
    items = {line.split()[1] for line in text.splitlines() if line.startswith("* ") and len(line.split()) > 1}
    missing += [f"storage driver {driver}" for driver in STORAGE_DRIVERS[name] if driver not in items]
    others = {"devicemapper", "aufs", "overlay"} - set(STORAGE_DRIVERS[name])
    return missing + [f"that {driver} is no storage driver any more" for driver in others & items]
