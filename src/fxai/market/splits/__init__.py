"""Train, validation and test splits of bars, and folds."""
