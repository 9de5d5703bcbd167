"""Runs in a worker process: trains the trials that the parent sends."""
