"""Environments in which allocation is learned: a network of hospitals, and one hospital's desk."""
