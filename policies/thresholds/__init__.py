"""Risk thresholds learned from histories: the decision problem, Q-learning, exact solutions, and what they are worth."""
