"""Objectives: the training of one trial."""
