"""Study databases as a run leaves them: made once, copied for each test."""

import shutil
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage


@pytest.fixture(scope="session")
def finished_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One completed trial with a report, one that runs."""
    path = tmp_path_factory.mktemp("dashboard") / "studies.db"
    storage = RDBStorage(f"sqlite:///{path}")
    study = optuna.create_study(study_name="fx_ai_quick", storage=storage, direction="maximize")
    trial = study.ask()
    trial.suggest_float("training.learning_rate", 1e-5, 1e-3, log=True)
    trial.report(0.5, 10)
    study.tell(trial, 0.5)
    study.ask()
    storage.engine.dispose()
    return path


@pytest.fixture
def database(finished_database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "with space % {x}" / "studies.db"
    path.parent.mkdir()
    shutil.copy(finished_database, path)
    return path


@pytest.fixture
def storage_url(database: Path) -> str:
    return f"sqlite:///{database}"
