"""Submitting to an Open Build Service: merge with what is there, plan, apply, remember."""
