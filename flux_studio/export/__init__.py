"""Ways to take the trained weights elsewhere."""
