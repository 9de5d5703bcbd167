import csv
import io
import json
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import pyarrow.parquet
from optuna.distributions import CategoricalDistribution
from optuna.trial import create_trial

from fxai.protocol import MARKET_ERROR, SEED_ERROR, STANDARD_ERROR
from fxai.results.export.trial_table import TableFormat, write_trials
from fxai.results.record import StudyRecord


def test_every_format_has_the_same_values(study: optuna.Study, tmp_path: Path):
    record = StudyRecord.of(study)
    for kind in TableFormat:
        write_trials(record, tmp_path, kind)
    frame = pd.read_csv(tmp_path / "trials.csv")
    pd.testing.assert_frame_equal(
        frame.drop(columns=["started", "ended"]),
        pd.read_parquet(tmp_path / "trials.parquet").drop(columns=["started", "ended"]),
        check_dtype=False,
    )
    theirs = study.trials_dataframe()
    assert list(frame["params_training.n_epochs"]) == list(theirs["params_training.n_epochs"])
    assert frame["value"][:20].tolist() == theirs["value"][:20].tolist()
    assert frame["metrics_sharpe"][:20].tolist() == theirs["user_attrs_sharpe"][:20].tolist()
    assert frame["state"].value_counts().to_dict() == {"complete": 20, "pruned": 3, "fail": 2, "running": 1}
    assert frame["started"][0] == record.trials[0].as_json()["started"]
    assert frame["failure_cause"][23] == "out of memory"
    reports = pd.read_csv(tmp_path / "reports.csv")
    assert len(reports) == len(pd.read_parquet(tmp_path / "reports.parquet")) == 26 * 5
    assert reports.query("number == 3 and step == 50")["value"].item() == record.trials[3].reports[50]
    (told,) = [each for each in json.loads((tmp_path / "trials.json").read_text())["trials"] if each["number"] == 3]
    assert told["value"] == record.trials[3].value


def test_a_standard_error_has_a_column_and_so_have_its_parts(empty_study: optuna.Study, tmp_path: Path):
    errors = {STANDARD_ERROR: 0.5, SEED_ERROR: 0.3, MARKET_ERROR: 0.4}
    for attrs in (errors, {}):
        empty_study.add_trial(create_trial(value=1.0, user_attrs=attrs))
    write_trials(StudyRecord.of(empty_study), tmp_path, TableFormat.CSV)
    first, second = csv.DictReader(io.StringIO((tmp_path / "trials.csv").read_text(), newline=""))
    assert {name: float(first[name]) for name in errors} == errors
    assert {second[name] for name in errors} == {""}
    assert not {f"metrics_{name}" for name in (SEED_ERROR, MARKET_ERROR)} & first.keys()


def test_choices_of_several_types_and_odd_text_are_kept(empty_study: optuna.Study, tmp_path: Path):
    space: dict[str, Any] = {"kind": CategoricalDistribution(('a,\n"b', 1, None, True))}
    for choice in space["kind"].choices:
        empty_study.add_trial(create_trial(value=1.0, params={"kind": choice}, distributions=space))
    for kind in (TableFormat.CSV, TableFormat.PARQUET):
        write_trials(StudyRecord.of(empty_study), tmp_path, kind)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "trials.csv").read_text(), newline="")))
    assert [row["params_kind"] for row in rows] == ['a,\n"b', "1", "", "True"]
    column = pyarrow.parquet.read_table(tmp_path / "trials.parquet")["params_kind"].to_pylist()
    assert [each if each is None else json.loads(each) for each in column] == ['a,\n"b', 1, None, True]


def test_a_study_without_trials_has_columns(empty_study: optuna.Study, tmp_path: Path):
    write_trials(StudyRecord.of(empty_study), tmp_path, TableFormat.CSV)
    assert (tmp_path / "trials.csv").read_text().startswith("number,state,value,")
    assert (tmp_path / "reports.csv").read_text().split() == ["number,step,value"]
