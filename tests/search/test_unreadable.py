"""Damaged and edited databases: one StorageError for a damaged study, and the other studies are read."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from optuna.storages._rdb import models

from fxai.errors import StorageError
from fxai.protocol import Report
from fxai.results.record import StudyRecord
from fxai.results.study_overview import StudyOverview
from fxai.search.open_tables import open_tables
from fxai.search.sqlite_file import COLUMNS
from fxai.search.studies import load_study, stored_study, study_names, summaries
from small_study import Opener, ask, complete

EDITS = {
    "bad JSON of the study": "UPDATE study_user_attributes SET value_json = '{' WHERE study_id = 1",
    "another type of an attribute": "UPDATE study_user_attributes SET value_json = '[1]' WHERE study_id = 1",
    "bad JSON of a trial": "UPDATE trial_user_attributes SET value_json = 'x' WHERE trial_id = 1",
    "half a character": "UPDATE trial_user_attributes SET value_json = '\"\\ud800\"' WHERE trial_id = 1",
    "bytes that are no text": "UPDATE trial_user_attributes SET value_json = X'22FF22' WHERE trial_id = 1",
    "JSON without end": "UPDATE trial_user_attributes SET value_json = "
    "replace(hex(zeroblob(20000)), '0', '[') WHERE trial_id = 1",
    "text for a number": "UPDATE trial_user_attributes SET value_json = '\"long\"' "
    "WHERE key = 'fxai:seconds' AND trial_id = 1",
    "text for a value": "UPDATE trial_values SET value = 'x' WHERE trial_id = 1",
    "no values": "DELETE FROM trial_values WHERE trial_id = 1",
    "text for a step": "UPDATE trial_intermediate_values SET step = 'x' WHERE trial_id = 1",
    "no state": "UPDATE trials SET state = 'DONE' WHERE trial_id = 1",
    "no number": "UPDATE trials SET number = NULL WHERE trial_id = 1",
    "no time": "UPDATE trials SET datetime_start = 'yesterday' WHERE trial_id = 1",
    "a broken distribution": "UPDATE trial_params SET distribution_json = '{}' WHERE trial_id = 1",
    "a choice that is not there": "UPDATE trial_params SET param_value = 9 WHERE param_name = 'kind' AND trial_id = 1",
    "text for a parameter": "UPDATE trial_params SET param_value = 'x' WHERE trial_id = 1",
    "no direction": "DELETE FROM study_directions WHERE study_id = 1",
    "an unknown direction": "UPDATE study_directions SET direction = 'UP' WHERE study_id = 1",
}


@pytest.fixture
def two_studies(open_study: Opener, url: str) -> str:
    """The study `small`, whose study and first trial have the ids 1, and `sound`."""
    for name in ("small", "sound"):
        with open_study(url, study_name=name) as search:
            for value in (0.2, 0.4):
                asked = ask(search)
                search.report(Report(asked.number, 1, value))
                search.tell(complete(asked, value))
    return url


def edit(tmp_path: Path, statement: str) -> None:
    with closing(sqlite3.connect(tmp_path / "studies.db")) as connection, connection:
        assert connection.execute(statement).rowcount


def read_brief(url: str, name: str) -> object:
    with stored_study(url, name) as study:
        return StudyOverview.of(study)


def read_record(url: str, name: str) -> object:
    with stored_study(url, name) as study:
        return StudyRecord.of_trials(study, study.trials())


@pytest.mark.parametrize("statement", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("read", [load_study, read_record])
def test_a_damaged_study_is_one_error_and_other_studies_are_read(
    read: Callable[[str, str], object], statement: str, two_studies: str, tmp_path: Path
) -> None:
    edit(tmp_path, statement)
    with pytest.raises(StorageError, match=r"cannot read the study 'small' in .*studies\.db: .*not changed") as raised:
        read(two_studies, "small")
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 800
    read(two_studies, "sound")
    read_brief(two_studies, "sound")


@pytest.mark.parametrize("statement", [EDITS["bad JSON of the study"], EDITS["no direction"], EDITS["no state"]])
def test_list_marks_the_damaged_study(statement: str, two_studies: str, tmp_path: Path) -> None:
    edit(tmp_path, statement)
    damaged, sound = summaries(two_studies)
    assert (damaged.name, sound.name) == ("small", "sound")
    assert damaged.fault is not None
    assert "cannot read the study 'small'" in damaged.fault
    assert (sound.fault, sound.counts.complete, sound.counts.best_value) == (None, 2, 0.4)


def test_sound_study_is_resumed_beside_a_damaged_one(open_study: Opener, two_studies: str, tmp_path: Path) -> None:
    edit(tmp_path, EDITS["bad JSON of the study"])
    with open_study(two_studies, study_name="sound") as search:
        search.tell(complete(ask(search), 0.6))
        assert search.counts().complete == 3
    with pytest.raises(StorageError, match="cannot read the study 'small'"):
        open_study(two_studies)


def test_sound_study_is_begun_anew_beside_a_damaged_one(open_study: Opener, two_studies: str, tmp_path: Path) -> None:
    edit(tmp_path, EDITS["bad JSON of the study"])
    with open_study(two_studies, study_name="sound", fresh=True) as search:
        assert search.counts().finished == 0
    assert study_names(two_studies) == ("small", "sound~1", "sound")


def test_studies_that_optuna_lists_are_those_that_can_be_read(two_studies: str, tmp_path: Path) -> None:
    edit(tmp_path, EDITS["bad JSON of the study"])
    storage = open_tables(two_studies, create=False)
    assert [study.study_name for study in storage.get_all_studies()] == ["sound"]
    storage.engine.dispose()


def test_name_that_is_no_text_is_listed(two_studies: str, tmp_path: Path) -> None:
    edit(tmp_path, "UPDATE studies SET study_name = CAST(X'61FF' AS TEXT) WHERE study_id = 1")
    assert study_names(two_studies) == ("a?", "sound")
    assert [each.fault for each in summaries(two_studies)] == [None, None]


@pytest.mark.parametrize(
    "statement", ["ALTER TABLE trials RENAME COLUMN number TO n", "DROP TABLE studies", "DROP TABLE trial_values"]
)
def test_tables_that_are_not_optunas_are_refused_before_anything_is_written(
    statement: str, open_study: Opener, two_studies: str, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "studies.db")) as connection, connection:
        connection.execute(statement)
    before = (tmp_path / "studies.db").read_bytes()
    with pytest.raises(StorageError, match=r"its table trials has no column number|it has no table"):
        open_study(two_studies, study_name="sound")
    assert (tmp_path / "studies.db").read_bytes() == before


def test_table_of_the_version_that_is_gone(two_studies: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "studies.db")) as connection, connection:
        connection.execute("DROP TABLE version_info")
    with pytest.raises(StorageError, match=r"cannot open .*studies\.db"):
        load_study(two_studies, "sound")


@pytest.mark.parametrize("word", [b"study_user_attributes", b"CREATE TABLE", b"trial_values", b"VARCHAR"])
@pytest.mark.parametrize("byte", [0xE9, 0xFF, 0x00, 0x22])
def test_byte_of_the_schema_that_was_changed(word: bytes, byte: int, two_studies: str, tmp_path: Path) -> None:
    content = bytearray((tmp_path / "studies.db").read_bytes())
    content[content.index(word) + 2] = byte
    (tmp_path / "studies.db").write_bytes(content)
    for read in (study_names, summaries, lambda url: load_study(url, "sound"), lambda url: read_record(url, "sound")):
        try:
            read(two_studies)
        except StorageError as error:
            assert "\n" not in str(error)  # noqa: PT017 - it need not be raised


def test_columns_are_optunas() -> None:
    for table, columns in COLUMNS.items():
        assert set(columns) <= set(models.BaseModel.metadata.tables[table].columns.keys())
