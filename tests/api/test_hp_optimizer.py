"""`HPOptimizer` as the guide's examples use it, on real runs."""

import contextlib
import logging
from pathlib import Path

import pytest

from api.conftest import PARAM_SPACE, TINY, TINY_ENV, TINY_MODEL, Searched
from api.valley import Broken, Valley
from fxai import ConfigLoader, HPOptimizer, TrainingEngine, load_results
from fxai.errors import InputError, RepeatedFailureError, SpecError


def test_a_search_finds_the_engines_best(searched: Searched) -> None:
    results = searched.results
    assert results.summary.finished == 24
    assert results.best.value == min(trial.value for trial in results.record.trials if trial.value is not None)
    assert results.best.metrics["accuracy"] == pytest.approx(1 - results.best_value)
    assert {*results.best_params} == {*PARAM_SPACE}
    best_config = searched.optimizer.get_best_model_config({"layers": 2})
    assert best_config == {"layers": 2, **results.best_params}


def test_an_analysis_is_subscripted_as_in_the_guide(searched: Searched) -> None:
    analysis = searched.optimizer.analyze_results(searched.results)
    assert analysis["best_trial"]["score"] == searched.results.best_value
    assert analysis["best_trial"]["params"] == searched.results.best_params
    assert sum(analysis["parameter_importance"].values()) == pytest.approx(1)
    scores = [trial["score"] for trial in analysis["top_k_trials"]]
    assert scores == sorted(scores)
    assert len(searched.optimizer.analyze_results(top_k=2)["top_k_trials"]) == 2
    assert {*analysis} >= {"convergence", "stability", "edges", "remarks", "importance_intervals"}
    assert analysis.found.study == "valley"


def test_results_and_analysis_are_tables_in_a_notebook(searched: Searched) -> None:
    assert "<table" in searched.results._repr_html_()
    assert "learning_rate" in searched.optimizer.analyze_results()._repr_html_()


def test_results_come_back_by_name_by_file_and_by_folder(searched: Searched) -> None:
    by_name = searched.optimizer.load_results("valley")
    folder = searched.folder / "results" / "valley"
    for found in (by_name, load_results(folder / "valley_results.json"), load_results(folder)):
        assert found.best_params == searched.results.best_params
        assert found.record.best == searched.results.record.best
        assert searched.optimizer.get_best_model_config({}, found) == dict(found.best_params)


def test_the_guides_quick_start_trains_agents(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "HPOptimizer")
    training_engine = TrainingEngine()
    hpo_optimizer = HPOptimizer(
        training_engine=training_engine,
        ray_config={"include_dashboard": True},
        storage=f"sqlite:///{tmp_path / 's.db'}",
        results_dir=tmp_path,
        plots=False,
    )
    results = hpo_optimizer.optimize(
        model_config=TINY_MODEL,
        data_config={"source": "eurusd_1h"},
        training_config={**TINY, "env": TINY_ENV},
        param_space={"lr": PARAM_SPACE["learning_rate"], "hidden": {"type": "choice", "values": [4, 8]}, "gamma": 0.9},
        param_mapping={"lr": "hyperparameters.learning_rate", "hidden": "model.layers.hidden_units"},
        num_trials=2,
        metric="val_loss",
        mode="min",
        resources_per_trial={"cpu": 1, "gpu": 0.5},
        max_concurrent_trials=2,
        search_algorithm="random",
        n_jobs=1,
        lanes_per_worker=2,
        confirm=False,
        verdict={"seeds": 2},
    )
    assert any(message.startswith("Verdict on ") for message in caplog.messages)
    assert results.best_value == -results.best.metrics["mean_reward"]
    best_config = hpo_optimizer.get_best_model_config(TINY_MODEL)
    assert best_config["d_model"] == results.best_params["hidden"]
    assert best_config["training"] == {"learning_rate": results.best_params["lr"]}
    agent = tmp_path / "agent.safetensors"
    seed = results.best.seed
    assert seed is not None
    again = TrainingEngine(seed=seed).train(best_config, {}, {**TINY, "gamma": 0.9, "env": TINY_ENV}, save_path=agent)
    assert again["val_loss"] == pytest.approx(results.best_value, rel=1e-5)
    assert agent.exists()


def test_names_of_the_shipped_file_and_its_presets_unpack(tmp_path: Path) -> None:
    hpo_config = ConfigLoader().load_config("config/base/hpo.yaml")
    assert ConfigLoader().load_config("configs/base/hpo.yaml") == hpo_config
    optimizer = HPOptimizer(results_dir=tmp_path, storage=f"sqlite:///{tmp_path / 's.db'}")
    for algorithm, space in hpo_config["search_spaces"].items():
        paths = [each.path for each in optimizer.define_search_space(space, algorithm=algorithm)]
        assert all("." in path for path in paths)
    with pytest.raises(SpecError, match="n_trials"):  # each preset is of arguments that there are
        optimizer.optimize(param_space=space, **{**hpo_config["experiments"]["standard"], "num_trials": 0})


def test_every_fault_of_a_call_is_named_at_once(tmp_path: Path) -> None:
    optimizer = HPOptimizer(results_dir=tmp_path, storage=f"sqlite:///{tmp_path / 's.db'}")
    space = {"learning_rate": {"type": "loguniform", "low": 0, "high": 1}, "d_modle": {"type": "choice", "values": [8]}}
    with pytest.raises(SpecError) as told:
        optimizer.optimize({"widht": 3}, param_space=space, scheduler="ahsa")
    said = str(told.value)
    for fault in ("learning_rate", "did you mean 'model.d_model'", "widht", "ahsa"):
        assert fault in said
    assert not list(tmp_path.iterdir())


def test_what_is_wrong_is_an_input_error(searched: Searched) -> None:
    with pytest.raises(InputError, match="method train"):
        HPOptimizer(training_engine=object())  # type: ignore[arg-type]
    optimizer = HPOptimizer(Valley())
    for call, message in (
        (optimizer.optimize, "needs a param_space"),
        (lambda: optimizer.optimize(param_space=PARAM_SPACE, mode="up"), "min or max"),
        (lambda: optimizer.optimize(param_space=PARAM_SPACE, metric="accuracy"), "set mode to min or max"),
        (lambda: optimizer.optimize(param_space=PARAM_SPACE, resources_per_trial={"tpu": 1}), "no 'tpu'"),
        (lambda: optimizer.optimize(param_space=PARAM_SPACE, scheduler="pbt"), "applies to fx_trading only"),
        (
            lambda: optimizer.optimize(param_space=PARAM_SPACE, data_config={"a": object()}),
            "cannot store a value of type object",
        ),
        (optimizer.analyze_results, "no results yet"),
    ):
        with pytest.raises(InputError, match=message):
            call()


def test_an_engine_that_always_fails_ends_the_search_with_its_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    optimizer = HPOptimizer(Broken(), storage=f"sqlite:///{tmp_path / 's.db'}", results_dir=tmp_path, plots=False)
    caplog.set_level(logging.DEBUG, "HPOptimizer")
    with contextlib.chdir(tmp_path), pytest.raises(RepeatedFailureError, match=f"no file in {tmp_path}"):
        optimizer.optimize(param_space=PARAM_SPACE, num_trials=30, n_jobs=1)
    failures = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(failures) == 10
    assert any("Traceback" in record.message for record in caplog.records if record.levelno == logging.DEBUG)


def test_a_wrong_argument_of_ray_is_named_before_anything_starts(tmp_path: Path) -> None:
    optimizer = HPOptimizer(Valley(), ray_config={"include_dashbord": True}, results_dir=tmp_path)
    with pytest.raises(InputError, match=r"ray_config\.include_dashbord: .*'include_dashboard'"):
        optimizer.optimize(param_space=PARAM_SPACE, mode="min")
