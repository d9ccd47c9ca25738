"""The definition of a package: one YAML file in which each fact is written once."""
