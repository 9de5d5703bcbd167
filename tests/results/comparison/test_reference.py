from pathlib import Path

import optuna
import pytest

from fxai.errors import InputError
from fxai.results.comparison.reference import StudyReference, labels, references

HERE = "sqlite:///here.db"


def test_a_name_is_looked_for_in_the_storage() -> None:
    assert references(["a", "b"], HERE) == (StudyReference(HERE, "a"), StudyReference(HERE, "b"))


def test_a_reference_has_a_file_or_url_before_the_name() -> None:
    found = references(["old/x.db#a", "postgresql://me:secret@host/db#a", "x.db#a#1"], HERE)
    assert [(each.storage, each.name) for each in found] == [
        ("sqlite:///old/x.db", "a"),
        ("postgresql://me:secret@host/db", "a"),
        ("sqlite:///x.db", "a#1"),
    ]
    assert "secret" not in found[1].database


def test_without_a_name_all_studies_are_meant_but_archived_ones(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    for name in ("first", "first~1", "second"):
        optuna.create_study(study_name=name, storage=url)
    assert [each.name for each in references([f"{tmp_path / 'x.db'}#"], HERE)] == ["first", "second"]


@pytest.mark.parametrize(("texts", "why"), [(["a", "a"], "named twice"), (["#a"], "no database before the #")])
def test_what_is_unclear_is_refused(texts: list[str], why: str) -> None:
    with pytest.raises(InputError, match=why):
        references(texts, HERE)


def test_a_database_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no study database"):
        references([f"{tmp_path / 'none.db'}#"], HERE)


def test_labels_are_names_if_these_are_unique() -> None:
    named = [StudyReference(HERE, "a"), StudyReference("sqlite:///old/x.db", "a"), StudyReference(HERE, "b")]
    assert labels(named) == ("a (here.db)", "a (x.db)", "b")
    same_file = [StudyReference("sqlite:///one/x.db", "a"), StudyReference("sqlite:///two/x.db", "a")]
    assert labels(same_file) == ("a (sqlite:///one/x.db)", "a (sqlite:///two/x.db)")
