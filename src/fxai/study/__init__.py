"""Runs in the parent process: a study from its spec to its files."""
