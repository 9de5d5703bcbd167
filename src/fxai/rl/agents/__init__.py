"""Trained agents: files, export, checkpoints, scores."""
