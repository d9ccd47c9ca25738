"""The Case: a View with what several rules need of it, worked out once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import PurePosixPath

from generator.check.expect import paths
from generator.check.place import macros
from generator.check.scriptlets import Complaint, Lint, Linted
from generator.check.scripts import Place, Scripts
from generator.check.specindex import SpecIndex
from generator.origin import Edit, Origin
from generator.reading import PackageReading, Reading, SourceReading, View
from generator.targets import known_macros

_TELLING, _NEAR = 6, 0.9  # letters that a name needs to be taken for another, and how like that it must be


class Case:
    """See the module.

    `readings` are all, `good` those that could be read, `shipped` those of them with the features as the spec
    decides.
    """

    def __init__(self, view: View, today: date | None = None) -> None:
        """Look at `view`; without `today` no date is in the future."""
        self.view, self.today = view, today
        self.sources = view.sources
        self.readings = view.readings
        self.good = tuple(reading for reading in view.readings if not reading.error)
        self.shipped = tuple(reading for reading in self.good if not reading.features)
        self.specs = tuple(file.name for file in view.sources.specs)
        self._indexes: dict[str, SpecIndex] = {}
        self._words: dict[str, frozenset[str]] = {}
        self._linted: Linted = tuple

    # the specs

    def spec(self, name: str) -> SpecIndex:
        """The index of the spec with this file name."""
        if name not in self._indexes:
            self._indexes[name] = SpecIndex(self.sources.files[name])
        return self._indexes[name]

    def readings_of(self, spec: str) -> tuple[Reading, ...]:
        """The readings of one spec."""
        return tuple(reading for reading in self.readings if reading.spec == spec)

    def good_of(self, spec: str) -> tuple[Reading, ...]:
        """The readings of one spec that could be read."""
        return tuple(reading for reading in self.good if reading.spec == spec)

    # what is in the readings

    @cached_property
    def declared(self) -> dict[tuple[str, str], tuple[SourceReading, frozenset[str]]]:
        """The declared files, by spec and file name, each with the targets that declare it."""
        found: dict[tuple[str, str], tuple[SourceReading, set[str]]] = {}
        for reading in self.good:
            for source in reading.sources:
                found.setdefault((reading.spec, source.name), (source, set()))[1].add(reading.target)
        return {key: (source, frozenset(targets)) for key, (source, targets) in found.items()}

    def words(self, text: str) -> frozenset[str]:
        """The words of a text; targets share most texts."""
        if text not in self._words:
            self._words[text] = frozenset(text.replace('"', " ").replace("'", " ").replace(";", " ").split())
        return self._words[text]

    @staticmethod
    def has_template(package: PackageReading, name: str) -> bool:
        """Whether a package ships the template of /etc/sysconfig/`name`."""
        return any(path.endswith(f"/fillup-templates/sysconfig.{name}") for path in paths(package))

    @staticmethod
    def state(reading: Reading) -> str:
        """What makes a reading another than that of its target, in words to be put at the end of a message."""
        forced = [f"{'with' if on else 'without'} {name}" for name, on in sorted(reading.features.items())]
        told = [f"flavour {reading.flavour}"] * bool(reading.flavour) + forced
        return f" ({', '.join(told)})" if told else ""

    def features_off(self, spec: str) -> frozenset[str]:
        """The features of a spec that no target turns on by itself."""
        shipped = [reading for reading in self.shipped if reading.spec == spec]
        on = {name for reading in shipped for name, state in reading.states.items() if state}
        known = {name for reading in shipped for name in reading.states}
        return frozenset(known - on)

    def feature_around(self, spec: str, line: int) -> str:
        """The feature in the conditions around a line that no target turns on; empty if it is not that."""
        words = " ".join(str(condition) for condition in self.spec(spec).spec.conditions(line))
        for name in sorted(self.features_off(spec)):
            if f"with {name}" in words or f"with_{name}" in words:
                return name
        return ""

    @cached_property
    def known_macros(self) -> frozenset[str]:
        """The macros that a profile or a family of the targets knows."""
        return known_macros()

    def meant_macro(self, spec: str, name: str) -> str:
        """The macro that a mistyped one most likely is; empty where none is near."""
        from difflib import get_close_matches

        own = self.spec(spec).defined
        if name in own or len(name) < _TELLING:
            return ""
        return next(iter(get_close_matches(name, [*own, *self.known_macros], 1, _NEAR)), "")

    # the linters

    @cached_property
    def scripts(self) -> Scripts:
        """The scriptlets of all readings."""
        return Scripts(self.good, self.sources, self.spec)

    def start(self, lint: Lint) -> None:
        """Start the linters; `complaints` waits for them."""
        self._linted = lint(self.scripts.all)

    @cached_property
    def complaints(self) -> tuple[Complaint, ...]:
        """What the linters say; nothing, if they were not started."""
        return self._linted()

    def script_places(self, complaint: Complaint) -> Iterator[Place]:
        """Where the line that a linter complains of was written."""
        return self.scripts.places(complaint.script, complaint.line)

    # where something was written

    def origin(self, file: str, line: int) -> Origin | None:
        """Where a line of the Sources was written, where that is not the file itself."""
        source = self.sources.files.get(file)
        return source.origin(line) if source else None

    def related(self, file: str, line: int) -> tuple[Origin, ...]:
        """Where the macros on a line of a spec are defined, for those that the spec defines."""
        if file not in self.specs:
            return ()
        index = self.spec(file)
        found: dict[Origin, None] = {}
        for name in macros(index.lines[line - 1].text) if line <= len(index.lines) else ():
            for defined in index.defined.get(name, ()):
                if defined != line:
                    found[self.origin(file, defined) or Origin(PurePosixPath(file), defined)] = None
        return tuple(found)

    def edit(self, file: str, line: int, *insert: str, remove: int = 1) -> Edit:
        """The edit that puts `insert` in place of `remove` lines from `line` on."""
        return Edit(self.origin(file, line) or Origin(PurePosixPath(file), line), remove, insert)
