"""Records of the sections of a study: data, environment, model, training, objective, tracking."""
