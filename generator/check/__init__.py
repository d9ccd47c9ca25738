"""Checks: what a View says about a package, rule by rule, and how that is reported."""
