"""Components: one module per kind of thing that a package can be made of."""
