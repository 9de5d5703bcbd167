"""Trains a pack of lanes: updates, evaluations, entering and leaving lanes."""
