"""The fairness analyser: who is worse off, how sure that is, which rules are broken, and what was tested against it."""
