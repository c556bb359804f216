"""Which policies and settings nothing beats: Pareto fronts with how sure we are of them."""
