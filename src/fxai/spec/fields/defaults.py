"""Defaults of paths and ports, and upper limits of counts."""

from typing import Final

STORAGE: Final = "sqlite:///optuna_studies.db"  # an SQLAlchemy URL
RESULTS_DIR: Final = "optuna_results"
DASHBOARD_PORT: Final = 8052
MAX_COUNT: Final = (
    1_000_000_000  # largest count of a field; larger values are typing errors, which would hang or exhaust the memory
)
MAX_STEPS: Final = 2**53  # largest step of the environment, and of a report of custom code
MAX_SEEDS: Final = 1_000  # most trainings of one trial, and of one command
