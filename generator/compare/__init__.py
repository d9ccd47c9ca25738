"""Comparing: what differs between two packages, in text and in meaning, and on which targets."""

from generator.compare.difference import Difference, FileDifference, compare, compare_files

__all__ = ["Difference", "FileDifference", "compare", "compare_files"]
