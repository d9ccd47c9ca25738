from __future__ import annotations

import json

from .conftest import Run


def test_the_schema_is_printed(run: Run) -> None:
    code, out, err = run("schema")
    assert (code, err) == (0, "")
    assert json.loads(out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert out == run("schema").out
