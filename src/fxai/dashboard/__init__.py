"""optuna-dashboard in the browser, on this machine only."""
