"""specgen: render, prove and submit RPM packages for the Open Build Service. No public API."""

__version__ = "0.1.0"
