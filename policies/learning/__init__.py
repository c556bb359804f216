"""Learning to allocate: group objectives, one PPO loss, a lean batched trainer, checkpoints that act without torch."""
