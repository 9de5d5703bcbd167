"""An empty SQLite database of Optuna, of which each new file of studies is a copy.

Optuna creates a database in seven transactions, and reads the scripts of its schema's versions three times, which takes
0.3 s. It does so once for each of its releases; the result is kept in the user's cache. A copy appears in one step, so
two runs that start at once on a new file find a complete database.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import optuna
from optuna.storages import RDBStorage

from fxai.atomic_write import write_bytes
from fxai.errors import FxaiError
from fxai.user_folders import cache_directory


def place_empty_database(path: Path) -> None:
    """Copy an empty database to `path`, unless there is a file.

    If the cache or the folder cannot be written, nothing happens, and Optuna creates the tables itself.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with suppress(OSError, FxaiError):  # a FileExistsError means that another run was sooner
        content = _cached() or _made()
        try:
            write_bytes(temporary, content)
            os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def _folder() -> Path:
    return cache_directory() / "empty_databases"


def _name(content: bytes) -> str:
    """The name of a file in the cache, by which a damaged one is found."""
    return f"optuna-{optuna.__version__}-{hashlib.sha256(content).hexdigest()}.db"


def _cached() -> bytes | None:
    """The empty database of this release of Optuna; None if it is not in the cache."""
    for path in _folder().glob(f"optuna-{optuna.__version__}-*.db"):
        if _name(content := path.read_bytes()) == path.name:
            return content
    return None


def _made() -> bytes:
    """The empty database that Optuna creates, which is added to the cache."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        storage = RDBStorage(f"sqlite:///{path}")
        storage.remove_session()
        storage.engine.dispose()
        content = path.read_bytes()
    write_bytes(_folder() / _name(content), content)
    return content
