"""What the columns of a server's database hold, held to the types of Optuna's own tables."""

import json

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect

from fxai.errors import StorageError
from fxai.protocol import LONGEST_NAME, MOST_STEP
from fxai.search import tables
from fxai.search.column_limits import check_text, limits_of
from fxai.search.database import in_transaction
from small_study import MEMORY, Opener

DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.dialect(),
    "mysql": mysql.dialect(),
}
BITS = {"sqlite": 64, "postgresql": 32, "mysql": 32}  # of INTEGER
BYTES = {"sqlite": None, "postgresql": None, "mysql": 65_535}  # of TEXT


@pytest.mark.parametrize("name", DIALECTS)
def test_limits_are_those_of_the_types_that_optuna_declares(name: str) -> None:
    declared = {
        column.type.compile(DIALECTS[name])
        for column in (tables.REPORTS.c.step, tables.PARAMS.c.distribution_json, tables.USER_ATTRS.c.value_json)
    }
    assert declared == {"INTEGER", "TEXT"}
    assert tables.PARAMS.c.param_name.type.compile(DIALECTS[name]) == f"VARCHAR({LONGEST_NAME})"
    assert limits_of(name).most_step == 2 ** (BITS[name] - 1) - 1
    assert limits_of(name).longest_text == BYTES[name]


def test_a_database_that_is_not_known_is_taken_to_hold_the_least() -> None:
    for known in DIALECTS:
        assert limits_of("another").most_step <= limits_of(known).most_step
    assert limits_of("another").longest_text == BYTES["mysql"]


def test_a_text_beyond_the_column_is_refused_with_its_name_and_a_remedy() -> None:
    longest = BYTES["mysql"] or 0
    check_text("mysql", "kind", "x" * longest)
    check_text("sqlite", "kind", "x" * (longest + 1))
    check_text("postgresql", "kind", "x" * (longest + 1))
    with pytest.raises(StorageError, match=r"'kind' takes 65,536 bytes .* mysql holds 65,535; .* PostgreSQL"):
        check_text("mysql", "kind", "x" * (longest + 1))


@pytest.mark.parametrize("name", ["n" * 513, "a\0b"])
def test_a_name_beyond_the_column_is_refused(name: str) -> None:
    check_text("sqlite", name, "{}")
    check_text("postgresql", "n" * 512, "{}")
    with pytest.raises(StorageError, match="at most 512 characters without NUL; give it a shorter name"):
        check_text("postgresql", name, "{}")


def test_the_end_of_a_text_fits_the_column_in_json() -> None:
    text = "\U0001f4a5" * 8000  # twelve bytes each in JSON
    assert limits_of("sqlite").end_of(text) == text
    cut = limits_of("mysql").end_of(text)
    assert text.endswith(cut)
    assert len(cut) > 2000
    assert len(json.dumps(cut)) <= (BYTES["mysql"] or 0)


def test_a_search_names_the_greatest_step_of_its_database(open_study: Opener) -> None:
    assert open_study(MEMORY).most_step == MOST_STEP


def test_a_refused_write_is_reported_without_the_values() -> None:
    engine = sa.create_engine("sqlite://")
    statement = sa.text("INSERT INTO missing VALUES (:value)")
    with pytest.raises(StorageError, match="refuses a write: no such table: missing") as refused:
        in_transaction(engine, lambda connection: connection.execute(statement, {"value": "a long text"}))
    assert "a long text" not in str(refused.value)
    unique = sa.text("CREATE TABLE kept (name TEXT UNIQUE)")
    twice = sa.text("INSERT INTO kept VALUES ('a long text'), ('a long text')")
    with pytest.raises(StorageError, match="UNIQUE constraint failed") as refused:
        in_transaction(engine, lambda connection: (connection.execute(unique), connection.execute(twice)))
    assert "a long text" not in str(refused.value)
