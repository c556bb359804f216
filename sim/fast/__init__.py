"""The fast engine: the reference engine's events, compiled."""
