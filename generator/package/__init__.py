"""Packages: with a definition, or with a spec that is kept by hand."""
