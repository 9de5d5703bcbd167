"""A study as a folder for others."""
