"""New files of studies are copies of what Optuna creates."""

import sqlite3
from contextlib import closing
from pathlib import Path

import optuna
import pytest

from fxai.search import empty_database
from fxai.search.empty_database import place_empty_database
from fxai.search.open_tables import open_tables
from fxai.user_folders import cache_directory

optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def cached() -> list[Path]:
    return sorted((cache_directory() / "empty_databases").iterdir())


def dump_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_a_copy_has_the_tables_and_the_versions_of_optuna(tmp_path: Path) -> None:
    optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'theirs.db'}").engine.dispose()
    for name in ("first.db", "second.db"):  # the first one fills the cache
        place_empty_database(tmp_path / name)
        assert dump_of(tmp_path / name) == dump_of(tmp_path / "theirs.db")
    assert len(cached()) == 1
    assert {each.name for each in tmp_path.iterdir()} == {"first.db", "second.db", "theirs.db"}


def test_optuna_creates_no_table_of_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place_empty_database(tmp_path / "a.db")
    monkeypatch.setattr(empty_database, "_made", lambda: pytest.fail("the cache has the database"))
    open_tables(f"sqlite:///{tmp_path / 'b.db'}", create=True).engine.dispose()
    assert (tmp_path / "b.db").read_bytes() == (tmp_path / "a.db").read_bytes()
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'b.db'}", study_name="a")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert optuna.load_study(storage=f"sqlite:///{tmp_path / 'b.db'}", study_name="a").trials == study.trials


def test_an_existing_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_text("of the user")
    place_empty_database(path)
    assert path.read_text() == "of the user"
    assert list(tmp_path.glob("*")) == [path]


@pytest.mark.parametrize("content", [b"", b"damaged"])
def test_a_damaged_file_of_the_cache_is_not_copied(content: bytes, tmp_path: Path) -> None:
    place_empty_database(tmp_path / "a.db")
    cached()[0].write_bytes(content)
    place_empty_database(tmp_path / "b.db")
    assert (tmp_path / "b.db").read_bytes() == (tmp_path / "a.db").read_bytes()
    assert cached()[0].read_bytes() == (tmp_path / "a.db").read_bytes()


def test_without_a_cache_folder_optuna_creates_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place_empty_database(tmp_path / "a.db")
    assert not (tmp_path / "a.db").exists()
    open_tables(f"sqlite:///{tmp_path / 'a.db'}", create=True).engine.dispose()
    assert dump_of(tmp_path / "a.db")
