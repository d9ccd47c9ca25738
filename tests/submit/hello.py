"""The package hello, in words. What a process of its own imports does not take long to load."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from generator.sources import External, SourceFile, Sources
from generator.submit.session import Local

ENTRY = "-" * 67 + "\n{date} - A Packager <packager@example.org>\n\n- {text}\n\n"
OLD = ENTRY.format(date="Mon Jan  1 10:00:00 UTC 2024", text="Begin")


def entry(day: int, text: str) -> str:
    return ENTRY.format(date=f"Tue Mar {day:2d} 10:00:00 UTC 2025", text=text)


def local(files: Mapping[str, str | bytes], externals: tuple[str, ...] = (), **supply: Path) -> Local:
    held = {name: SourceFile(name, one.encode() if isinstance(one, str) else one) for name, one in files.items()}
    return Local(Sources("hello", held, tuple(External(name) for name in externals)), supply)


def spec(version: str = "1", *more: str) -> str:
    return "\n".join(["Name: hello", f"Version: {version}", "Source0: hello-%{version}.tar", *more, "%changelog", ""])
