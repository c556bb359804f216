"""Outcomes by group, how unequal they are, and what may be shown of small groups."""
