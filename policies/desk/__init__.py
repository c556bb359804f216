"""The desk: who gets a unit that runs out; exact optimum, plain rules, and Q-learning with a network."""
