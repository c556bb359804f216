"""The small model that is shipped: a distilled sampler of its corpus, not a medical model."""
