"""A study's results file, read back, is the study: what is found in it is the same."""

import json
from pathlib import Path

import optuna
import pytest

from fxai.errors import InputError
from fxai.results.analysis import StudyAnalysis
from fxai.results.files import write_results
from fxai.results.paths import StudyPaths
from fxai.results.provenance import Provenance
from fxai.results.record import StudyRecord
from fxai.results.trials_file import read_study
from fxai.search import attributes
from fxai.search.confirmed import Confirmed
from fxai.spec.search.study import StudySpec


@pytest.fixture
def written(study: optuna.Study, spec: StudySpec, tmp_path: Path) -> Path:
    study.set_metric_names([spec.metric_name])
    paths = StudyPaths(tmp_path, study.study_name)
    write_results(study, spec, paths, Provenance.of(spec, None))
    return paths.results


def test_what_is_read_is_what_was_written(study: optuna.Study, written: Path) -> None:
    read = read_study(written)
    before, after = StudyRecord.of(study), StudyRecord.of(read)
    assert [trial.as_json() for trial in after.trials] == [trial.as_json() for trial in before.trials]
    assert after.best == before.best
    assert (after.name, after.goals, after.traits) == (before.name, before.goals, before.traits)
    assert StudyAnalysis.of(read).as_json() == StudyAnalysis.of(study).as_json()


def test_a_trial_that_is_not_counted_stays_so(written: Path) -> None:
    document = json.loads(written.read_text())
    document["trials"][0]["state"] = "infeasible"
    written.write_text(json.dumps(document))
    record = StudyRecord.of(read_study(written))
    assert record.trials[0].uncounted
    assert record.best is not None
    assert record.best.number != 0


@pytest.mark.parametrize("text", ["", "[]", '{"study": "x", "params": {}}'])
def test_another_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "best_params.json").write_text(text)
    with pytest.raises(InputError, match="is not a results file"):
        read_study(tmp_path / "best_params.json")


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_study(tmp_path / "s_results.json")


def test_the_trial_that_a_confirmation_chose_stays_the_best(
    study: optuna.Study, spec: StudySpec, tmp_path: Path
) -> None:
    study.set_metric_names([spec.metric_name])
    study.set_user_attr(attributes.KEY, "k")
    searched = StudyRecord.of(study).best
    assert searched is not None
    chosen = next(
        trial.number
        for trial in StudyRecord.of(study).trials
        if trial.value is not None and trial.number != searched.number
    )
    study.set_user_attr(attributes.CONFIRMED, Confirmed(chosen, 1.0, 0.1, 0.1, None, (7, 8), 0.5, ()).as_json())
    paths = StudyPaths(tmp_path, study.study_name)
    write_results(study, spec, paths, Provenance.of(spec, None))
    before, after = StudyRecord.of(study), StudyRecord.of(read_study(paths.results))
    assert after.best is not None
    assert (after.best.number, after.confirmed, after.traits) == (chosen, before.confirmed, before.traits)


def test_a_file_of_an_earlier_release_is_read(written: Path) -> None:
    document = json.loads(written.read_text())
    del document["key"], document["confirmed"]
    written.write_text(json.dumps(document))
    assert StudyRecord.of(read_study(written)).confirmed is None
