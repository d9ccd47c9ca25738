"""Upstream source trees in memory, and the patches that are made for them and applied to them."""
