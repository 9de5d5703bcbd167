"""FxAI: hyperparameters for trading agents, found fast and judged honestly."""
