"""Tests. A package of its own, as Ciw installs one of the same name."""
