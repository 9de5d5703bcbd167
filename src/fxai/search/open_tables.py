"""Opens the tables of a study database with Optuna's schema."""

import time

import sqlalchemy as sa
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.study._frozen import FrozenStudy
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from fxai.errors import StorageError
from fxai.search import tables
from fxai.search.database import engine_options, existing_only, make_durable, sqlite_path
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
        if not create:
            _require_tables(url)
        storage = _open(url, create=create)
    except (ImportError, NoSuchModuleError) as error:
        raise StorageError(f"cannot open {shown(url)}: its database driver is not installed ({error})") from error
    except (SQLAlchemyError, StorageInternalError) as error:
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        reason = redact_secrets(str(getattr(cause, "orig", None) or error), expanded_url(url))
        raise StorageError(f"cannot open {shown(url)}: {reason}") from error
    except (RuntimeError, AssertionError, ValueError) as error:  # no schema, or that of another version of Optuna
        reason = redact_secrets(str(error), expanded_url(url)) or "it has no version of Optuna's schema"
        raise StorageError(f"cannot open {shown(url)}: {reason}") from error
    make_durable(storage.engine)
    return storage


def _open(url: str, *, create: bool) -> RDBStorage:
    # Optuna replaces {SCHEMA_VERSION} in URLs, so other braces are doubled.
    address = (expanded_url(url) if create else existing_only(url)).replace("{", "{{").replace("}", "}}")
    for pause in OPENING_PAUSES:
        try:
            return ReadableStudies(address, engine_kwargs=engine_options(url), skip_table_creation=not create)
        except DBAPIError:
            time.sleep(pause)  # two runs that start at once on a new database create the same tables
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
