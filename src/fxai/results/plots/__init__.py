"""Figures of a study's trials, and their pages."""
