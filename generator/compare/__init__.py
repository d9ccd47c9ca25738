"""Comparing: what differs between two packages, in text and in meaning, and on which targets."""
