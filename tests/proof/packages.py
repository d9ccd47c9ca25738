"""The packages that are proven, and where."""

from __future__ import annotations

PACKAGES = ("docker", "docker-stable")
FEATURES = ("apparmor", "suseconnect", "buildx", "integration_tests")
