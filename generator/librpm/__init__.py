"""librpm, the one that builds packages: it reads specs in a sandboxed process, and what it sees comes back as data."""

from generator.librpm.client import Librpm
from generator.librpm.jobs import Expansion, Request
from generator.librpm.sandbox import Limits

__all__ = ["Expansion", "Librpm", "Limits", "Request"]
