from pathlib import Path

import pytest

from fxai.errors import StorageError, StudyNotFoundError
from fxai.protocol import Cause, TrialError, TrialResult, TrialState
from fxai.search.studies import is_archived, load_study, study_names, summaries
from small_study import Opener, ask, complete


def test_summary_counts_what_the_search_counts(open_study: Opener, url: str) -> None:
    search = open_study(url, direction="minimize")
    for value in (0.4, 0.2, 0.2):
        search.tell(complete(ask(search), value))
    failure = TrialError(Cause.EXCEPTION, "ValueError: no")
    search.tell(TrialResult(ask(search).number, TrialState.FAIL, 1.0, error=failure))
    ask(search)
    (summary,) = summaries(url)
    assert summary.name == "small"
    assert summary.direction == "minimize"
    assert not summary.archived
    assert summary.counts == search.counts()
    assert (summary.counts.best_trial, summary.counts.best_value) == (1, 0.2)


def test_loaded_study_has_all_trials_and_needs_the_database_no_more(
    open_study: Opener, url: str, tmp_path: Path
) -> None:
    search = open_study(url)
    for value in (0.1, 0.3):
        search.tell(complete(ask(search), value))
    search.close()
    study = load_study(url, "small")
    (tmp_path / "studies.db").unlink()
    assert [trial.value for trial in study.trials] == [0.1, 0.3]
    assert study.best_trial.number == 1
    assert not (tmp_path / "studies.db").exists()


def test_unknown_study_lists_those_that_are_there(open_study: Opener, url: str) -> None:
    open_study(url)
    open_study(url, fresh=True)
    with pytest.raises(StudyNotFoundError) as refusal:
        load_study(url, "smal")
    assert "small~1 (archived), small" in str(refusal.value)


def test_looking_makes_no_file(tmp_path: Path) -> None:
    missing = f"sqlite:///{tmp_path / 'missing.db'}"
    for look in (study_names, summaries, lambda url: load_study(url, "x")):
        with pytest.raises(StorageError, match="no study database"):
            look(missing)
    assert list(tmp_path.iterdir()) == []


def test_looking_puts_no_tables_into_another_database(tmp_path: Path) -> None:
    other = tmp_path / "empty.db"
    other.touch()
    with pytest.raises(StorageError, match="holds no studies"):
        study_names(f"sqlite:///{other}")
    assert other.read_bytes() == b""


@pytest.mark.parametrize(
    ("name", "archived"), [("a", False), ("a~1", True), ("a~12", True), ("a~0", False), ("~1", False)]
)
def test_archived_names(name: str, archived: bool) -> None:  # noqa: FBT001
    assert is_archived(name) is archived
