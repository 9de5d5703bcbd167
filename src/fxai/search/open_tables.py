"""Opens the tables of a study database with Optuna's schema."""

import time

import sqlalchemy as sa
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.study._frozen import FrozenStudy
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError

from fxai.errors import StorageError
from fxai.search import tables
from fxai.search.database import engine_options, engine_url, existing_only, is_server, make_durable, sqlite_path
from fxai.search.empty_database import place_empty_database
from fxai.search.server_connection import reason_of
from fxai.search.server_schema import check_tables, creating_tables, has_tables
from fxai.search.sqlite_file import check_sqlite
from fxai.spec.fields.environment import expanded_url
from fxai.spec.fields.storage_url import redact_secrets, shown

OPENING_PAUSES = (0.1, 0.3, 0.9)  # seconds between tries


def open_tables(url: str, *, create: bool) -> RDBStorage:
    """Optuna's storage on the database; missing tables are created unless `create` is False.

    Raises:
        StorageError: If the database cannot be opened.
    """
    path = sqlite_path(url)
    if path is not None:
        check_sqlite(path, must_exist=not create)
    try:
        storage = _open_on_server(url, create=create) if is_server(url) else _open_sqlite(url, create=create)
    except (ImportError, NoSuchModuleError) as error:
        raise StorageError(f"cannot open {shown(url)}: its database driver is not installed ({error})") from error
    except (SQLAlchemyError, StorageInternalError) as error:
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        reason = reason_of(cause if isinstance(cause, SQLAlchemyError) else SQLAlchemyError(str(error)), url)
        raise StorageError(f"cannot open {shown(url)}: {reason}") from error
    except (RuntimeError, AssertionError, ValueError) as error:  # no schema, or that of another version of Optuna
        reason = redact_secrets(str(error), expanded_url(url)) or "it has no version of Optuna's schema"
        raise StorageError(f"cannot open {shown(url)}: {reason}") from error
    make_durable(storage.engine)
    return storage


def _open_sqlite(url: str, *, create: bool) -> RDBStorage:
    if create:
        if (path := sqlite_path(url)) is not None and not path.exists():
            place_empty_database(path)
        return _open(engine_url(url), url, create=True)
    _require_tables(url)
    return _open(existing_only(url), url, create=False)


def _open_on_server(url: str, *, create: bool) -> RDBStorage:
    if not has_tables(url):
        if not create:
            raise StorageError(f"{shown(url)} holds no studies")
        with creating_tables(url) as missing:
            if missing:
                return _open(engine_url(url), url, create=True)
    storage = _open(engine_url(url), url, create=False)
    check_tables(url)  # they have this version of Optuna, so other columns are another program's
    return storage


def _open(address: str, url: str, *, create: bool) -> RDBStorage:
    # Optuna replaces {SCHEMA_VERSION} in URLs, so other braces are doubled.
    address = address.replace("{", "{{").replace("}", "}}")
    for pause in OPENING_PAUSES:
        try:
            return ReadableStudies(address, engine_kwargs=engine_options(url), skip_table_creation=not create)
        except DBAPIError as error:
            if is_server(url) and isinstance(error, OperationalError):
                raise  # no answer of the server, for which each try waits some seconds
            time.sleep(pause)  # two programs that start at once on a new database create the same tables
    return ReadableStudies(address, engine_kwargs=engine_options(url), skip_table_creation=not create)


def _require_tables(url: str) -> None:
    engine = sa.create_engine(existing_only(url), **engine_options(url))
    try:
        if not sa.inspect(engine).has_table("studies"):
            raise StorageError(f"{shown(url)} holds no studies")
    finally:
        engine.dispose()


class ReadableStudies(RDBStorage):
    """Omits a study from the list of all studies if its attributes or directions cannot be read."""

    def get_all_studies(self) -> list[FrozenStudy]:
        try:
            return super().get_all_studies()
        except Exception:  # noqa: BLE001  # a damaged row may raise any error of SQLAlchemy, json or Optuna
            return self._readable()

    def _readable(self) -> list[FrozenStudy]:
        with self.engine.connect() as connection:
            ids = [row.study_id for row in connection.execute(select(tables.STUDIES.c.study_id))]
        return [study for study in map(self._study, sorted(ids)) if study is not None]

    def _study(self, study_id: int) -> FrozenStudy | None:
        try:
            return FrozenStudy(
                study_name=self.get_study_name_from_id(study_id),
                direction=None,
                directions=self.get_study_directions(study_id),
                user_attrs=self.get_study_user_attrs(study_id),
                system_attrs=self.get_study_system_attrs(study_id),
                study_id=study_id,
            )
        except Exception:  # noqa: BLE001  # as above; this study is omitted, the others are listed
            return None
