"""How much of what we do not know comes from the figures of a scenario, and from which."""
