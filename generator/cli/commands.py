"""The names of the commands."""

from __future__ import annotations

COMMANDS = ("render", "check", "diff", "submit", "status", "rules", "targets", "schema", "obs", "doctor", "completion")
"""In the order of the help; each is the function of that name in the module of that name."""
