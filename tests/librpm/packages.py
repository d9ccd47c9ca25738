"""Small packages and made-up targets."""

from __future__ import annotations

from generator.sources import SourceFile, Sources
from generator.targets import Target

HEAD = "Name: {name}\nVersion: 1.2\nRelease: 0\nSummary: Made up\nLicense: MIT\n"
TAIL = "%description\nNothing.\n"


def package(spec: str, name: str = "pixel", defined: bool = False, **files: bytes) -> Sources:
    """A package directory with this spec; a text that has no Name gets the usual head and tail."""
    if "Name:" not in spec:
        spec = HEAD.format(name=name) + spec + ("" if "%description" in spec else TAIL)
    found = {f"{name}.spec": SourceFile(f"{name}.spec", spec.encode("utf-8", "surrogateescape"))}
    for word, content in files.items():
        file = word.replace("__", ".")
        found[file] = SourceFile(file, content)
    return Sources(name, found, defined=defined)


def target(name: str, definitions: str = "", architecture: str = "x86_64") -> Target:
    """A target with only these macros."""
    text = f"%_vendor suse\n{definitions}\n"
    return Target(name, name, "4.18", {}, text, frozenset(), architecture)


RED = target("red", "%suse_version 1500\n%colour red")
BLUE = target("blue", "%suse_version 1699\n%is_opensuse 1\n%shade() very %1 blue")
