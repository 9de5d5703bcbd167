"""Trainings of a study's best trial: its config file, its schedule, and the record of a training's folder."""
