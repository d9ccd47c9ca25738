"""Whatever a package holds arrives byte for byte, and goes again when it is gone here, submission after submission."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.obs.records import Place
from tests.submit.conftest import Bench
from tests.submit.hello import OLD, local

NAMES = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="/\ufffe\uffff"), min_size=1, max_size=30
).filter(lambda name: not name.startswith((".", "_")) and not name.endswith(".changes"))
CONTENTS = st.one_of(st.just(b""), st.binary(max_size=300), st.just(b"\0" * 70000), st.text().map(str.encode))
STATES = st.lists(st.dictionaries(NAMES, CONTENTS, max_size=4), min_size=2, max_size=3)
STRANGER = {"theirs äöü.bin": b"\xff\0"}
NUMBERS = itertools.count()


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(states=STATES, direct=st.booleans())
def test_whatever_a_package_holds(
    make_bench: Callable[[], Bench], tmp_path: Path, states: list[dict[str, bytes]], direct: bool
) -> None:
    bench = make_bench()
    number = next(NUMBERS)
    bench.state = tmp_path / f"state{number}"
    project = f"home:packager:random{number}" if direct else f"random:{number}"
    bench.target = Place(bench.obs.project(project), "hello")
    bench.obs.package(project, "hello", STRANGER)
    before: dict[str, bytes] = {}
    for state in states:
        # every second name of before comes back with other bytes, and one under another name
        kept = {name: content + b"+" for name, content in itertools.islice(before.items(), 0, None, 2)}
        renamed = {f"{name} 2"[-60:]: content for name, content in itertools.islice(before.items(), 1, 2)}
        files = {**state, **kept, **renamed, "hello.changes": OLD.encode()}
        files = {name: content for name, content in files.items() if name not in STRANGER}
        outcome = bench.submit(local(files), direct=direct)
        if outcome.request:
            bench.accept(outcome.request)
        assert bench.files() == {**STRANGER, **files}
        before = {name: content for name, content in files.items() if name != "hello.changes"}
