"""The rules, by topic. A module that is laid here is found (docs/rules.md)."""
