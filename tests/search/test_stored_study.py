"""A study read by plain SQL is the study that Optuna reads."""

import math
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from fxai.errors import StorageError, StudyNotFoundError
from fxai.search import attributes
from fxai.search.database import sqlite_path
from fxai.search.rows import plain_file
from fxai.search.stored_trial import state_of
from fxai.search.studies import load_study, stored_study, study_names

SPACE = {
    "rate": FloatDistribution(1e-5, 1e-1, log=True),
    "width": IntDistribution(8, 64, step=8),
    "kind": CategoricalDistribution(("a", True, None, 3, 0.5)),
    "gamma": FloatDistribution(0.9, 0.99, step=0.01),
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two studies of plain Optuna's with trials of all kinds."""
    path = tmp_path_factory.mktemp("stored") / "studies.db"
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    study = optuna.create_study(study_name="of all kinds", storage=storage, directions=["minimize", "maximize"])
    study.set_metric_names(["loss", "sharpe"])
    study.set_user_attr("note", {"text": "ü", "list": [1, None]})
    params = {"rate": 1e-3, "width": 16, "kind": None, "gamma": 0.95}
    reports = {3: math.nan, 1: math.inf, 2: -math.inf, 10: 0.5}
    kinds = SPACE["kind"]
    assert isinstance(kinds, CategoricalDistribution)
    for kind in kinds.choices:
        study.add_trial(create_trial(values=[1.0, 2.0], params={**params, "kind": kind}, distributions=SPACE))
    study.add_trial(create_trial(values=[math.inf, -math.inf], intermediate_values=reports))
    study.add_trial(create_trial(state=TrialState.FAIL, user_attrs={attributes.CAUSE: "hang", "x y": [1, "ä"]}))
    study.add_trial(create_trial(state=TrialState.PRUNED, intermediate_values={5: 1.0}, user_attrs={"sharpe": 0.5}))
    study.add_trial(create_trial(values=[0.1, 0.2], user_attrs={attributes.INFEASIBLE: ["a < b"]}))
    study.add_trial(create_trial(values=[0.1, 0.2], user_attrs={attributes.TRANSFERRED: "other 3"}))
    study.add_trial(create_trial(values=[0.1, 0.2], system_attrs={"constraints": [-1.0, 0.5]}))
    study.add_trial(create_trial(values=[0.1, 0.2], system_attrs={"constraints:margin": 0.0}))
    study.enqueue_trial({"rate": 0.01})
    study.ask()
    optuna.create_study(study_name="empty", storage=storage, direction="maximize")
    storage.engine.dispose()
    return path


@pytest.fixture(scope="module", params=["", "?timeout=30"], ids=["sqlite3", "SQLAlchemy"])
def url(database: Path, request: pytest.FixtureRequest) -> str:
    return f"sqlite:///{database}{request.param}"


def test_every_trial_is_as_optuna_has_it(url: str) -> None:
    theirs = load_study(url, "of all kinds")
    with stored_study(url, "of all kinds") as ours:
        assert ours.metric_names == theirs.metric_names
        assert ours.user_attrs == theirs.user_attrs
        assert [way.name for way in ours.directions] == [way.name for way in theirs.directions]
        trials = ours.trials()
    assert len(trials) == len(theirs.trials) == 13
    for trial, other in zip(trials, theirs.trials, strict=True):
        assert trial.state == state_of(other)
        for name in ("number", "values", "user_attrs", "system_attrs", "datetime_start", "datetime_complete"):
            assert getattr(trial, name) == getattr(other, name), name
        assert list(trial.params.items()) == list(other.params.items())
        assert [type(value) for value in trial.params.values()] == [type(value) for value in other.params.values()]
        assert str(trial.intermediate_values) == str(other.intermediate_values)  # nan is not equal to itself


def test_candidates_are_what_decides_among_the_trials(url: str) -> None:
    theirs = load_study(url, "of all kinds").trials
    with stored_study(url, "of all kinds") as ours:
        candidates = ours.candidates()
    assert [each.number for each in candidates] == [trial.number for trial in theirs]
    assert [each.values for each in candidates] == [trial.values for trial in theirs]
    assert [each.infeasible for each in candidates].index(True) == 8
    assert [each.copied for each in candidates].index(True) == 9
    kept = [all(amount <= 0 for amount in trial.constraints.values()) for trial in theirs]
    assert [each.keeps_bounds for each in candidates] == kept
    assert kept.count(False) == 1


def test_single_trials_are_read_alone(url: str) -> None:
    with stored_study(url, "of all kinds") as study:
        everything = study.trials()
        assert str(study.trials([5, 0])) == str([everything[0], everything[5]])
        assert study.trials([]) == []
        assert study.trials([99]) == []


def test_a_study_without_trials(url: str) -> None:
    with stored_study(url, "empty") as study:
        assert (study.trials(), study.candidates(), study.leader(), dict(study.state_counts())) == ([], [], None, {})


def test_the_connection_is_read_only(database: Path) -> None:
    with (
        pytest.raises(StorageError, match="readonly database"),
        stored_study(f"sqlite:///{database}", "empty") as study,
    ):
        study.rows("DELETE FROM studies")


def test_another_study_is_named(url: str) -> None:
    with pytest.raises(StudyNotFoundError, match="its studies: of all kinds, empty"), stored_study(url, "full"):
        pass


def test_damage_raises_where_it_is_read(database: Path, tmp_path: Path) -> None:
    path = tmp_path / "studies.db"
    path.write_bytes(database.read_bytes()[:4096] + bytes(4096 * 20))
    with pytest.raises(StorageError, match=r"cannot use .* not changed"):
        study_names(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("sqlite:///a b%20{x}.db", True),
        ("sqlite:////tmp/a#b.db", True),
        ("sqlite+pysqlite:///a.db", True),
        ("sqlite:///:memory:", False),
        ("sqlite://", False),
        ("sqlite:///file:a.db?uri=true", False),
        ("sqlite:///a.db?timeout=3", False),
        ("postgresql://host/a.db", False),
        ("a.db", False),
    ],
)
def test_only_what_sqlalchemy_reads_as_a_file_is_opened_as_one(url: str, plain: bool) -> None:  # noqa: FBT001
    assert plain_file(url) == (sqlite_path(url) if plain else None)


@pytest.mark.parametrize("command", ["status", "best", "results", "show"])
def test_reading_a_study_loads_no_heavy_library(command: str) -> None:
    slow = {"optuna", "sqlalchemy", "numpy", "pandas", "torch", "plotly"}
    code = f"import fxai.cli.{command}, sys; sys.exit(bool({slow} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
