"""Facts that librpm sees in specs. Run by the system's Python, one process for any number of readings.

Standard input: a JSON list of {"spec": path, "macros": path of a macro file, "define": {name: value}}.
Standard output: a JSON list with one list of facts for each, in the same order.

Independent of specgen's own worker on purpose: what proves specgen must not be specgen.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rpm

#: What a host may define and a target must not inherit.
HOST = (
    *("suse_version", "sle_version", "is_opensuse", "leap_version", "sles_version", "fedora", "rhel", "dist"),
    *("_fillupdir", "_unitdir", "_sysusersdir", "_udevrulesdir", "_tmpfilesdir"),
)
DEPENDENCIES = (
    *("requires", "provides", "conflicts", "obsoletes"),
    *("recommends", "supplements", "suggests", "enhances"),
)
HEADER = ("version", "release", "arch", "license", "url", "group")
PROSE = ("summary", "description")  # compared for being there: their words are the packager's own
SCRIPTLETS = {"pre": "PREIN", "post": "POSTIN", "preun": "PREUN", "postun": "POSTUN"}
#: rpm's flags on a dependency (rpmds.h), by the scriptlet that needs it
WHEN = {1 << 9: "pre", 1 << 10: "post", 1 << 11: "preun", 1 << 12: "postun"}
#: Programs that look for accounts and make them.
ACCOUNTS = ("getent", "groupadd", "useradd", "usermod")
#: The words that the marker macros of tests.proof.macros begin with.
CALLS = ("generate-sysusers", "fdupes ", "service-add-", "service-del-", "fillup-only", "tmpfiles-create")


class Places:
    """Folders that differ from one reading to the next and are no facts."""

    def __init__(self, *folders: str) -> None:
        self.folders = folders

    def clean(self, text: str) -> str:
        """Take the folders out of `text`, and make one of the names that rpm's versions give the build root."""
        for folder in self.folders:
            text = text.replace(folder + "/", "")
        return re.sub(r"BUILD(?:ROOT/\S+|/\S+-build/BUILDROOT)", "BUILDROOT", text)


def undefine(name: str) -> None:
    """Take away every definition of a macro: addMacro pushes, so one delMacro may not be enough."""
    while rpm.expandMacro("%{defined " + name + "}") == "1" or rpm.expandMacro("%{?" + name + "}"):
        rpm.delMacro(name)


def dependencies(header: Any, kind: str) -> Iterator[str]:
    for dependency in rpm.ds(header, kind):
        text = dependency.DNEVR()[2:]
        if text.startswith(("rpmlib(", "config(", "/bin/")):  # rpm's own, by its version and the host
            continue
        when = [name for bit, name in WHEN.items() if kind == "requires" and dependency.Flags() & bit]
        yield text + (f" ({','.join(when)})" if when else "")


def calls(text: str | None, places: Places) -> list[str]:
    lines = (" ".join(line.split()) for line in places.clean(text or "").splitlines())
    return [line for line in lines if line.startswith(CALLS)]


def commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a script that has no loops and functions: words, and redirections as words."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        command: list[str] = []
        for word in lexer:
            if word and set(word) <= set("();|&"):
                yield command
                command = []
            else:
                command.append(word)
        yield command


def account_calls(text: str) -> Iterator[str]:
    """What a script does about accounts: it looks for them, makes them, and gives them subordinate ids."""
    for command in commands(text):
        outputs = {at for at, word in enumerate(command) if set(word) <= set("&>")}
        words = [word for at, word in enumerate(command) if not {at, at - 1} & outputs]
        if words[:1] and words[0] in ACCOUNTS:
            yield " ".join(words)
        elif words[:1] == ["grep"] and words[-1].startswith("/etc/"):
            yield " ".join(["grep", *(word for word in words[1:] if word[:1] != "-")])
        else:
            for at in outputs:
                if command[at] == ">>" and command[at + 1].startswith("/etc/"):
                    yield f"{' '.join(words)} >> {command[at + 1]}"


def applied(prep: str) -> Iterator[str]:
    """Each patch that %prep applies: the tree, its place in that tree's series, the strip level, the fuzz."""
    tree = "."
    order: dict[str, int] = {}
    for line in prep.splitlines():
        folder = re.match(r"\s*cd\s+'?([^'\s]+)'?", line)
        if folder:
            tree = Path(folder[1]).name
        names = re.findall(r"([^/\s'\"<]+\.(?:patch|diff|dif))\b", line)
        if names and "patch" in line and not line.lstrip().startswith(("echo", "#")):
            order[tree] = order.get(tree, 0) + 1
            strip, fuzz = re.search(r"-p\s*(\d+)", line), re.search(r"--fuzz=(\d+)", line)
            yield (
                f"{tree} | number {order[tree]} | {names[-1]} | "
                f"p{strip[1] if strip else '?'} fuzz {fuzz[1] if fuzz else 0}"
            )


def text(value: Any) -> str:
    """A header value as text: a string, a list of one, or nothing."""
    if isinstance(value, (list, tuple)):
        value = value[0] if value else ""
    return "" if value is None else str(value)


def package_facts(package: Any, places: Places) -> Iterator[str]:
    header = package.header
    name = text(header[rpm.RPMTAG_NAME])
    for tag in HEADER:
        yield f"{name} | {tag} | {text(header[tag])}"
    for tag in PROSE:
        yield f"{name} | {tag} | {'given' if text(header[tag]).strip() else 'missing'}"
    for kind in DEPENDENCIES:
        for dependency in dependencies(header, kind):
            yield f"{name} | {kind} | {dependency}"
    for script, tag in SCRIPTLETS.items():
        body = text(header[tag])
        if not body.strip():
            continue
        yield f"{name} | interpreter | %{script} {text(header[tag + 'PROG'])}"
        for call in (*calls(body, places), *account_calls(body)):
            yield f"{name} | call | %{script} {call}"
    for line in (package.fileList or "").splitlines():
        entry = re.sub(r"(?<=.)/$", "", re.sub(r"/{2,}", "/", " ".join(line.split())))
        if entry and not entry.startswith(("%defattr", "#")):
            yield f"{name} | file | {entry}"


def spec_facts(spec: Any, places: Places) -> Iterator[str]:
    for location, number, flags in spec.sources:
        yield f"{'patch' if flags & 2 else 'source'} | {number} | {Path(location).name}"
    for patch in applied(spec.prep or ""):
        yield f"applied | {patch}"
    for dependency in dependencies(spec.sourceHeader, "requires"):
        yield f"build requires | {dependency}"
    for tag in ("EXCLUDEARCH", "EXCLUSIVEARCH", "BUILDARCHS"):
        for arch in spec.sourceHeader[tag]:
            yield f"architecture | {tag.lower()} | {arch}"
    for section in ("build", "install"):
        for call in calls(getattr(spec, section), places):
            yield f"build call | %{section} {call}"
    for line in spec.parsed.splitlines():
        if re.match(r"%(pre|post|preun|postun)\b.*\s-f\s", line):
            yield f"script file | {' '.join(line.split())}"
    for package in spec.packages:
        yield from package_facts(package, places)


def read(path: str, macros: str, define: dict[str, str], folder: str) -> list[str]:
    """The facts of one spec under one macro file."""
    rpm.reloadConfig()
    for name in HOST:
        undefine(name)
    rpm.expandMacro("%{load:" + macros + "}")
    source = str(Path(path).parent)
    for name, value in {"_sourcedir": source, "_topdir": folder, "_dbpath": folder, **define}.items():
        rpm.addMacro(name, value)
    places = Places(folder, source)
    with tempfile.TemporaryFile(dir=folder) as log:
        saved = os.dup(2)
        os.dup2(log.fileno(), 2)  # librpm writes its messages past Python
        error = spec = None
        try:
            spec = rpm.spec(path, rpm.RPMSPEC_ANYARCH | rpm.RPMSPEC_FORCE)
        except ValueError as failure:
            error = str(failure)
        finally:
            os.dup2(saved, 2)
            os.close(saved)
        log.seek(0)
        said = [f"log | {places.clean(line)}" for line in log.read().decode(errors="replace").splitlines()]
    if spec is None:
        return [*said, f"error | {error}"]
    return [*said, *spec_facts(spec, places)]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        json.dump([read(one["spec"], one["macros"], one["define"], folder) for one in json.load(sys.stdin)], sys.stdout)
