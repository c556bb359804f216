"""Epidemics: a given curve, the deterministic SIR of Penn CHIME, and a stochastic SEIR over the population."""
