"""Where things are unless a spec or a flag says otherwise."""

from typing import Final

STORAGE: Final = "sqlite:///optuna_studies.db"  # an SQLAlchemy URL
RESULTS_DIR: Final = "optuna_results"
DASHBOARD_PORT: Final = 8052
