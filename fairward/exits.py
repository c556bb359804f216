"""The exit codes of the command line that are not an error's own: stable, for scripts."""

NEGATIVE = 1
"""A negative finding: validation failed, a gate breached."""

BUG = 101
"""A bug of ours."""

INTERRUPTED = 130
"""Ctrl-C."""
