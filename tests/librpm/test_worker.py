"""The reader's program itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from generator.librpm import worker

SOURCE = Path(worker.__file__)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=20,
)


def test_it_runs_with_python_3_6() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("vermin"), "-t=3.6-", "--no-tips", str(SOURCE)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_it_imports_nothing_that_takes_long() -> None:
    program = f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r}); import worker; print(*sys.modules)"
    done = subprocess.run(["/usr/bin/python3", "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {
        "json",
        "re",
        "enum",
        "signal",
        "subprocess",
        "typing",
        "pathlib",
        "tempfile",
    }


@given(JSON)
def test_its_json_is_json(value: object) -> None:
    import json

    assert json.loads(worker.dumps(value)) == value
    assert worker.loads(json.dumps(value)) == value
    assert "\n" not in worker.dumps(value)


DEFINITION = st.sampled_from(
    ["%a 1\n", "%a 12\n", "%b 2\n", "%c() \\\n%a \\\n%b\n", "%c() \\\n%a \\\n%d\n", "%a \\\\\n"]
)
TEXTS = st.lists(st.lists(DEFINITION, max_size=6).map("".join).map(str.encode), min_size=1, max_size=4)


@given(TEXTS)
def test_what_macro_files_begin_with_alike_is_whole_definitions(texts: list[bytes]) -> None:
    beginning = worker.shared_start(texts)
    assert all(text.startswith(beginning) for text in texts)
    assert beginning == b"" or (beginning.endswith(b"\n") and not beginning.endswith(b"\\\n"))
    if len(set(texts)) == 1 and not texts[0].endswith(b"\\\n"):
        assert beginning == texts[0]


def test_the_arguments_of_f() -> None:
    parsed = (
        "%files -f a.lst -f b.lst\n%files tools -f c.lst\n%pre -n other -f d.pre\n%post -p /bin/x\n%verifyscript -f e\n"
    )
    assert worker.script_files(parsed, "main") == {
        "main": {"files": ["a.lst", "b.lst"], "verify": ["e"]},
        "main-tools": {"files": ["c.lst"]},
        "other": {"pre": ["d.pre"]},
    }
    assert worker.script_files("%files -f\n%pre -n\n%files -f a -n\n", "m")["m"]["files"] == ["a"]
