"""Risk thresholds learned from histories: the decision problem, Q-learning, exact solutions, what they are worth."""
