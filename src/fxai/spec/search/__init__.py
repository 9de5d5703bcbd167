"""Records of a search: parameters, samplers, pruners, goals, constraints, and a trial's configuration."""
