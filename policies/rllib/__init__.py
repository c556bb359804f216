"""Group-robust PPO on Ray RLlib: many machines, one policy. Needs the extra `train`."""
