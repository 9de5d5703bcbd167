"""`MinimalTuner` as the guide's examples use it, on real bars."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fxai
from api.conftest import ONLY_SEARCH, TINY, TINY_ENV, TINY_MODEL
from fxai import MinimalTuner
from fxai.api.minimal_tuner import DEFAULT_SPACE, EPISODES
from fxai.api.tuner_data import data_section
from fxai.errors import DataError, InputError
from fxai.market.markets.dataset import prepare
from fxai.spec.fields.data_config import DataConfig

pytestmark = pytest.mark.usefixtures("inline_workers")

BARS = pd.read_csv(Path(fxai.__file__).parent / "market" / "data" / "eurusd_1h.csv.gz")
TRAIN, VALIDATION = BARS[:1200], BARS[1200:1600]
SHORT = {**{name: value for name, value in TINY.items() if name != "batch_size"}, "env": TINY_ENV, "model": TINY_MODEL}


class Session:
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.told: list[dict[str, float]] = []

    def report(self, metrics: dict[str, float]) -> None:
        self.told.append(metrics)


def test_it_learns_from_the_one_and_is_scored_on_the_other(tmp_path: Path) -> None:
    market = prepare(DataConfig.model_validate(data_section(TRAIN, VALIDATION, tmp_path)))
    assert market.splits.train.stop == len(TRAIN)
    assert market.splits.validation.stop == len(market) == len(TRAIN) + len(VALIDATION)
    assert market.splits.validation.start - len(TRAIN) == 120  # the embargo
    assert np.array_equal(market.close, BARS["close"][:1600])
    assert len(market.splits.test) == 0


def test_the_same_bars_are_one_file_however_they_come(tmp_path: Path) -> None:
    TRAIN.to_csv(tmp_path / "train.csv", index=False)
    indexed = VALIDATION.set_index(pd.to_datetime(VALIDATION["time"])).drop(columns="time")
    kept = tmp_path / "kept"
    sections = [data_section(TRAIN, VALIDATION, kept), data_section(tmp_path / "train.csv", indexed, kept)]
    assert sections[0] == sections[1]
    assert len(list(kept.iterdir())) == 1


def test_one_data_set_is_split_as_always(tmp_path: Path) -> None:
    assert data_section("eurusd_1h", None, tmp_path) == {"source": "eurusd_1h"}
    TRAIN.to_csv(tmp_path / "train.csv", index=False)
    assert data_section(tmp_path / "train.csv", None, tmp_path) == {"source": str(tmp_path / "train.csv")}


@pytest.mark.parametrize(
    ("train", "validation", "message"),
    [
        (VALIDATION, TRAIN, "val_data must begin after the end of train_data"),
        (TRAIN.drop(columns="close"), VALIDATION, "close"),
        (TRAIN, VALIDATION.assign(open=-1.0), "open must be above zero"),
        ("no_such.csv", VALIDATION, "no_such.csv"),
    ],
)
def test_data_that_cannot_be_are_refused(train: object, validation: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        MinimalTuner(train, validation, mlflow_tracking=False, results_dir=tmp_path)


def test_the_guides_basic_usage(tmp_path: Path) -> None:
    tuner = MinimalTuner(
        TRAIN,
        VALIDATION,
        mlflow_tracking=False,
        training_config=SHORT,
        storage=f"sqlite:///{tmp_path / 's.db'}",
        results_dir=tmp_path,
    )
    space = {
        "lr": {"type": "loguniform", "low": 1e-4, "high": 1e-2},
        "hidden_size": {"type": "choice", "values": [4, 8]},
        "batch_size": 8,
    }
    results = tuner.optimize(
        search_space=space,
        num_samples=3,
        max_concurrent=4,
        n_jobs=1,
        lanes_per_worker=3,
        plots=False,
        **ONLY_SEARCH,
    )
    best_config, best_metrics = results.config, results.metrics
    assert {*best_config} == {*space}
    assert best_config["batch_size"] == 8
    formula = best_metrics["total_return"] - 0.5 * best_metrics["max_drawdown"]
    assert best_metrics["score"] == pytest.approx(formula)
    assert best_metrics["score"] == max(
        trial.value for trial in results.results.record.trials if trial.value is not None
    )
    assert "hidden_size" in results._repr_html_()

    # What a worker came to, the public parts come to as well, from the same seed.
    assert results.results.best is not None
    assert results.results.best.seed is not None
    tuner._seed = results.results.best.seed
    session = Session()
    reported = tuner.objective(best_config, session)
    assert session.told == [reported]
    assert reported["score"] == pytest.approx(best_metrics["score"], rel=1e-5)
    agent = tuner.train(best_config)
    assert agent.config.data.split.validation_episodes == EPISODES == 20
    evaluated = tuner.evaluate_config(best_config, agent)
    assert evaluated == tuner.evaluate_config(best_config) == reported
    assert evaluated["total_return_error"] > 0  # of the mean over the episodes


def test_the_default_space_is_searched_where_none_is_given(tmp_path: Path) -> None:
    tuner = MinimalTuner("eurusd_1h", mlflow_tracking=False, results_dir=tmp_path, storage="no url")
    with pytest.raises(InputError, match="no url"):
        tuner.optimize()
    assert tuner._training_config(dict.fromkeys(("hidden_size", "batch_size"), 64)).model.d_model == 64
    assert {*DEFAULT_SPACE} == {"lr", "hidden_size", "batch_size", "total_updates"}
