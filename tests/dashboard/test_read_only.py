import sqlite3
from pathlib import Path

import pytest
from optuna.exceptions import StorageInternalError
from optuna.study import StudyDirection
from sqlalchemy.exc import OperationalError

from fxai.dashboard.serve import read_only_storage
from fxai.errors import StorageError


def test_studies_are_read(database: Path):
    storage = read_only_storage(f"sqlite:///{database}")
    (study,) = storage.get_all_studies()
    assert study.study_name == "fx_ai_quick"
    assert storage.get_n_trials(study._study_id) == 2


def test_no_write_comes_through(database: Path):
    before = database.read_bytes()
    storage = read_only_storage(f"sqlite:///{database}")
    with pytest.raises((StorageInternalError, OperationalError)):
        storage.create_new_study([StudyDirection.MINIMIZE], "another")
    with pytest.raises((StorageInternalError, OperationalError)):
        storage.delete_study(storage.get_all_studies()[0]._study_id)
    assert database.read_bytes() == before


def test_a_running_study_can_be_read(database: Path):
    storage = read_only_storage(f"sqlite:///{database}")
    (study,) = storage.get_all_studies()
    writer = sqlite3.connect(database, timeout=0)
    for number in range(3):
        storage.get_all_trials(study._study_id)
        writer.execute("UPDATE trials SET number = number + 0")
        writer.commit()  # would be "database is locked" if the reader kept its lock
        assert storage.get_n_trials(study._study_id) == 2, number
    writer.close()


def test_what_a_killed_run_left_half_written_is_rolled_back(database: Path, tmp_path: Path):
    """The next reader rolls a remaining journal back, which `mode=ro` cannot do."""
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("PRAGMA cache_size = 1")
    writer.execute("PRAGMA cache_spill = 1")
    writer.execute("BEGIN")
    writer.execute("UPDATE studies SET study_name = 'half written'")
    writer.execute("CREATE TABLE filler (x)")
    writer.executemany("INSERT INTO filler VALUES (?)", [("x" * 2000,)] * 200)
    crashed = tmp_path / "crashed.db"
    crashed.write_bytes(database.read_bytes())
    journal = database.with_name("studies.db-journal").read_bytes()
    crashed.with_name("crashed.db-journal").write_bytes(journal)
    writer.execute("ROLLBACK")
    writer.close()
    (study,) = read_only_storage(f"sqlite:///{crashed}").get_all_studies()
    assert study.study_name == "fx_ai_quick"


def test_a_missing_database_is_an_error_and_not_created(tmp_path: Path):
    with pytest.raises(StorageError, match=r"no study database.*run"):
        read_only_storage(f"sqlite:///{tmp_path}/none.db")
    assert not list(tmp_path.iterdir())


def test_another_file_is_no_study_database(tmp_path: Path):
    (tmp_path / "notes.db").write_text("These are my notes, not a database at all.")
    with pytest.raises(StorageError, match=r"notes\.db"):
        read_only_storage(f"sqlite:///{tmp_path}/notes.db")
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(StorageError, match="holds no studies"):
        read_only_storage(f"sqlite:///{tmp_path}/other.db")


def test_a_url_that_is_none_is_refused():
    with pytest.raises(StorageError, match="sqlite:///"):
        read_only_storage("optuna_studies.db")
