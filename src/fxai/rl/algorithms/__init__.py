"""PPO, A2C and DQN: rollouts, losses, optimizer, updates."""
