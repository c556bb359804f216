"""A person and a policy decide together: recommendations, overrides with their reasons, and a record of both."""
