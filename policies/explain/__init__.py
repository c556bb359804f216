"""Explanations of what a policy chooses: contributions, a tree that imitates it, and what would have been."""
