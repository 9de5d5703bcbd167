"""Importances of parameters: shares, intervals, and a test for unimportant parameters."""
