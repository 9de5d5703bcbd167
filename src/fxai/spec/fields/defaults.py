"""Where things are unless a spec or a flag says otherwise."""

from typing import Final

STORAGE: Final = "sqlite:///optuna_studies.db"  # an SQLAlchemy URL
RESULTS_DIR: Final = "optuna_results"
DASHBOARD_PORT: Final = 8052
MOST: Final = 1_000_000_000  # of what is counted: far beyond it lie only slips of the hand, a hang or no memory
MOST_STEPS: Final = 2**53  # of the environment, and of the reports of own code
MOST_SEEDS: Final = 1_000  # trainings of one trial, and of one command
