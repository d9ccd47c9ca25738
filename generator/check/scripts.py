"""The scriptlets of a View, each text once, and the way from a line of one back to the line of the spec."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from generator.check.place import expands_to, literal, place
from generator.check.scriptlets import Script, is_shell
from generator.check.specindex import SpecIndex
from generator.reading import Reading
from generator.sources import Sources


class Use(NamedTuple):
    """Where a script is used: the file of the Sources that has it (a spec, or the file of `-f`), package, scriptlet."""

    file: str
    package: str
    kind: str
    whole: bool = False  # the file is the script


class Place(NamedTuple):
    """A line of a script, where it was written. Without `written` a macro brought it along."""

    name: str
    file: str
    line: int
    targets: frozenset[str]
    written: bool


def shell_scripts(reading: Reading, sources: Sources) -> Iterator[tuple[Script, Use]]:
    """The scriptlets of a reading that a shell runs, those in files of `-f` too where we have the file."""
    for package in reading.packages:
        for kind, scriptlet in package.scriptlets.items():
            interpreter = scriptlet.interpreter or "/bin/sh"
            if scriptlet.text.strip() and is_shell(interpreter):
                yield Script(interpreter, scriptlet.text), Use(reading.spec, package.name, kind)
            name = scriptlet.file.rpartition("/")[2]
            if name and name in sources.files:
                yield Script(interpreter, sources.files[name].text), Use(name, package.name, kind, whole=True)


class Scripts:
    """See the module."""

    def __init__(self, readings: Iterable[Reading], sources: Sources, index: Callable[[str], SpecIndex]) -> None:
        """Collect the scripts of `readings`; `index` gives the index of a spec."""
        self._index, self._sources = index, sources
        self.uses: dict[Script, dict[Use, set[str]]] = {}
        self._aligned: dict[tuple[Script, Use], dict[int, tuple[int, bool]]] = {}
        for reading in readings:
            for script, use in shell_scripts(reading, sources):
                self.uses.setdefault(script, {}).setdefault(use, set()).add(reading.target)
        self.all = tuple(self.uses)

    def places(self, script: int, line: int) -> Iterator[Place]:
        """Where the line (from 1) of a script, given by its position in `all`, was written."""
        text = self.all[script]
        for use, targets in self.uses[text].items():
            found, written = (line, True) if use.whole else self._line(text, use, line)
            last = len(self._sources.files[use.file].lines)
            name = f"%{use.kind} of {use.package}"
            yield Place(name, use.file, min(max(found, 1), max(last, 1)), frozenset(targets), written)

    def _line(self, script: Script, use: Use, line: int) -> tuple[int, bool]:
        key = (script, use)
        if key not in self._aligned:
            self._aligned[key] = self._align(script, use)
        lines = self._aligned[key]
        return lines.get(line) or lines[max(lines)]

    def _align(self, script: Script, use: Use) -> dict[int, tuple[int, bool]]:
        """For each line of the script its line in the spec, and whether it stands there as it is."""
        from difflib import SequenceMatcher

        index = self._index(use.file)
        header = 1
        raw: list[tuple[int, str]] = []
        sections = [section for section in index.spec.sections if section.kind == use.kind]
        # `%{name}` may be any package; the name that says most comes first.
        for section in sorted(sections, key=lambda section: -len(literal(section.package_name))):
            if expands_to(section.package_name, use.package):
                header = section.start
                raw = [(line.number, line.text.strip()) for line in index.lines[section.start : section.end]]
                break
        expanded = [line.strip() for line in script.text.split("\n")]
        found: dict[int, tuple[int, bool]] = {}
        matcher = SequenceMatcher(None, expanded, [text for _, text in raw], autojunk=False)
        for at, other, size in matcher.get_matching_blocks():
            for offset in range(size):
                found[at + offset + 1] = (raw[other + offset][0], True)
        last = header
        for number, text in enumerate(expanded, 1):
            if number not in found:
                after = [(line, value) for line, value in raw if line >= last and "%" in value]
                near = place(((line, value) for line, value in after if len(literal(value)) > 2), text)
                pure = next((line for line, value in after if value.startswith("%")), last)
                # A line that begins with a macro is not as its author wrote it.
                found[number] = (near or pure, bool(near) and not dict(raw)[near or 0].startswith("%"))
            last = found[number][0]
        return found
