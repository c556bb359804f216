"""Who the patients are, and the one place where they meet the engine."""
