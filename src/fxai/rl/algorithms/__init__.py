"""PPO, A2C and DQN: roll-outs, losses, optimizer, updates."""
