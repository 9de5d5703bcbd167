from pathlib import Path

import optuna
import pytest

from fxai.results.importances.file import StoredImportances, read_importances, write_importances
from fxai.results.importances.importance import importances
from fxai.results.importances.interval import Importances
from results.conftest import drawn_trial


def test_what_is_written_is_read(study: optuna.Study, tmp_path: Path):
    study.add_trials([drawn_trial(number) for number in range(26, 50)])
    path = write_importances(study, Importances.of(study), tmp_path / "importances.json")
    read = read_importances(path)
    assert read == StoredImportances(44, 3, importances(study), ("training.learning_rate",))
    assert next(iter(read.shares)) == "training.learning_rate"  # the largest first
    assert read.most_important(3) == {"training.learning_rate": read.shares["training.learning_rate"]}


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"completed": 3, "shares": [1]}', '{"completed": "x"}'])
def test_without_a_valid_file_there_are_no_importances(text: str | None, tmp_path: Path):
    path = tmp_path / "importances.json"
    if text is not None:
        path.write_text(text)
    assert read_importances(path) is None
