"""From a study's winner to trainings in full: its configuration, its schedule, what a folder trains."""
