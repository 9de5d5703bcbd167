"""Comparison of studies: best values, speed, importances, parameters."""
