"""Markets in files that the workers of a machine map, so that they share memory."""
