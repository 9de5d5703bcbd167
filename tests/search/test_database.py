import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from fxai.errors import StorageError
from fxai.search.database import existing_only, sqlite_path
from fxai.search.storage import WriteBehindStorage


def damaged(path: Path) -> None:
    """A database with a page overwritten."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE numbers (value TEXT)")
        connection.executemany("INSERT INTO numbers VALUES (?)", [(str(k) * 50,) for k in range(2000)])
    connection.close()
    content = bytearray(path.read_bytes())
    content[8192:12288] = random.Random(0).randbytes(4096)  # noqa: S311
    path.write_bytes(content)


def text_file(path: Path) -> None:
    path.write_text("trial,value\n" * 1000)


@pytest.mark.parametrize("make", [damaged, text_file])
def test_a_damaged_database_file_is_refused_and_not_changed(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "studies.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(StorageError, match=r"cannot use .*studies\.db.* not changed"):
        WriteBehindStorage(f"sqlite:///{path}")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_hold_a_database(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist; create it first"):
        WriteBehindStorage(f"sqlite:///{tmp_path / 'missing' / 'studies.db'}")
    with pytest.raises(StorageError, match="it is a folder"):
        WriteBehindStorage(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("url", ["studies.db", "nosuch://host/db", "postgresql+nosuch://host/db"])
def test_urls_that_name_no_database(url: str) -> None:
    with pytest.raises(StorageError):
        WriteBehindStorage(url)


@pytest.mark.parametrize("name", ["plain.db", "with space.db", "braces{x}.db", "question#mark.db", "ä.db"])
def test_odd_file_names(name: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / name}"
    WriteBehindStorage(url).close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    reader = WriteBehindStorage(url, create=False)
    assert reader.get_all_studies() == []
    reader.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_write_ahead_log_becomes_a_rollback_journal(tmp_path: Path) -> None:
    path = tmp_path / "studies.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE other (x)")
    connection.close()
    WriteBehindStorage(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


def test_paths_behind_urls() -> None:
    assert sqlite_path("sqlite:///a/b.db") == Path("a/b.db")
    assert sqlite_path("sqlite:////a/b.db") == Path("/a/b.db")
    assert sqlite_path("sqlite+pysqlite:///b.db") == Path("b.db")
    for url in ("sqlite://", "sqlite:///:memory:", "postgresql+psycopg://me:a%40b@host/name"):
        assert sqlite_path(url) is None
        assert existing_only(url) == url
    assert existing_only("postgresql://host/name") == "postgresql+psycopg://host/name"
