"""A study of signals from its search to its files, with a worker that is killed."""

import json
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from fxai import run_study
from fxai.errors import InputError
from fxai.spec.search.study import StudySpec
from fxai.study.check_bars import check_bars
from fxai.study.check_leaks import check_leaks
from fxai.study.data_bars import study_bars
from fxai.study.events import StudyEnded, StudyEvent, TrialProgressed, TrialRequeued
from signal_story import signal_settings, write_signal_story
from study_place import ended, of_kind
from worker_process import worker_process


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signals")
    write_signal_story(folder)
    return folder


def written(story: Path, **more: Any) -> dict[str, Any]:
    return {
        "study_name": "s",
        "objective": "llm_signal",
        "metric_name": "cumulative_return",
        "n_trials": 4,
        "n_jobs": 1,
        "confirm": "off",
        "verdict": "off",
        "parameters": {
            "training.learning_rate": {"type": "float_log", "low": 1e-3, "high": 1e-1},
            "lora.r": {"type": "int", "low": 2, "high": 6},
        },
        "training_config": signal_settings(story, training={"eval_frequency": 1, "max_train_steps": 3}),
        **more,
    }


def test_a_search_survives_a_killed_worker_and_leaves_the_best_adapter(story: Path, tmp_path: Path) -> None:
    seen: list[StudyEvent] = []

    def watch(events: Iterable[StudyEvent]) -> StudyEnded:
        """Kill the worker after the first report."""
        for event in events:
            if isinstance(event, TrialProgressed) and not any(isinstance(each, TrialProgressed) for each in seen):
                os.kill(worker_process(), signal.SIGKILL)
            seen.append(event)
        return ended(seen)

    spec = written(story, storage=f"sqlite:///{tmp_path}/s.db", pruner={"type": "NopPruner"})
    results = run_study(spec, results_dir=tmp_path, plots=False, watch=watch)
    assert of_kind(seen, TrialRequeued)
    for trial in results.study.trials:
        assert trial.state.name == "COMPLETE"
        assert [*trial.intermediate_values] == [1, 2, 3]
        assert trial.value == trial.intermediate_values[3]
    best = json.loads((tmp_path / "s" / "best_params.json").read_text())
    assert (
        best["value"] == max(trial.value or -1.0 for trial in results.study.trials) == best["metrics"]["total_return"]
    )
    adapter = tmp_path / "s" / "trials" / f"{best['trial']:05d}" / "checkpoint" / "adapter_config.json"
    assert json.loads(adapter.read_text())["r"] == best["params"]["lora.r"]


def test_data_and_model_are_checked_before_a_run(story: Path, tmp_path: Path) -> None:
    study = StudySpec.model_validate(written(story))
    check_bars(study)
    bars = study_bars(study)
    assert bars is not None
    assert bars.bars == 100
    assert bars.test_bars > 0
    assert check_leaks(study).report.tested == ("decisions",)
    assert not check_leaks(study).is_fault
    (tmp_path / "model").mkdir()
    config = {**study.training_config.model_dump(), "model": {"path": str(tmp_path / "model")}}
    with pytest.raises(InputError, match=r"it lacks config\.json, weights"):
        check_bars(StudySpec.model_validate({**written(story), "training_config": config}))
