"""Who writes the clinical picture: a language model under a grammar, an endpoint, or the calibrated generator."""
