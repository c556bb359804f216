"""Policies on seeds that nobody has learned or chosen on: levels, paired differences, non-inferiority, fronts."""
