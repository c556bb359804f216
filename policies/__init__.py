"""How beds, staff and vaccine are allocated, and how policies are compared."""
