"""Who takes part: ourselves and every peer, each in a file of its own, all doing the same work."""
