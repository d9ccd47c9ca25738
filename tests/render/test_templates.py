"""The environment of templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.render.templates import Templates


def test_compiled_templates_of_somebody_else_are_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "specgen" / "templates"
    assert Templates().environment.bytecode_cache is not None
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    assert Templates().environment.bytecode_cache is None
