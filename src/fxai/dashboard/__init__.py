"""Serves optuna-dashboard on this machine only."""
