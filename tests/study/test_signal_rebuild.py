"""Missing returns of trials of `llm_signal` are computed again: from kept adapters, and by training."""

from pathlib import Path

import pytest

from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.search.attributes import identity_of
from fxai.search.studies import load_study, stored_study
from fxai.spec.search.study import StudySpec
from fxai.study.rebuild_returns import ReturnsRebuild, check_rebuild, without_returns
from fxai.study.run import search_study
from fxai.study.stop_signal import StopSignal
from fxai.study.study_workers import open_workers, worker_slots
from signal_story import signal_settings, write_signal_story

pytestmark = pytest.mark.usefixtures("inline_workers")


def test_returns_come_from_adapters_and_from_trainings(tmp_path: Path) -> None:
    """The adapter of trial 0 is kept, that of trial 1 is deleted."""
    write_signal_story(tmp_path)
    spec = StudySpec.model_validate(
        {
            "study_name": "s",
            "objective": "llm_signal",
            "metric_name": "cumulative_return",
            "n_trials": 2,
            "n_jobs": 1,
            "seeds_per_trial": 2,
            "confirm": "off",
            "verdict": "off",
            "pruner": {"type": "NopPruner"},
            "storage": f"sqlite:///{tmp_path}/s.db",
            "parameters": {"training.learning_rate": {"type": "float_log", "low": 1e-3, "high": 1e-1}},
            "training_config": signal_settings(tmp_path),
        }
    )
    search_study(spec, tmp_path, lambda events: list(events)[-1], StopSignal(), plots=False)  # type: ignore[arg-type, return-value]
    paths = StudyPaths(tmp_path, "s")
    before = {number: paths.trial(number).returns.read_bytes() for number in (0, 1)}
    for number in (0, 1):
        paths.trial(number).returns.unlink()
    (paths.trial(1).checkpoint_dir / "signal_agent.json").unlink()
    with stored_study(spec.storage, "s") as stored:
        record, identity = StudyRecord.of_trials(stored, stored.trials()), identity_of(stored.user_attrs)
    check_rebuild(spec, record)
    rebuild = ReturnsRebuild(spec, record, identity, paths)
    rebuild.score_agents()
    assert rebuild.result.written == [0]
    with open_workers(spec, worker_slots(spec), paths.logs) as opened:
        list(rebuild.train(opened.pool, StopSignal()))
    assert rebuild.result.not_written == {}
    assert {number: paths.trial(number).returns.read_bytes() for number in (0, 1)} == before
    assert not without_returns(StudyRecord.of(load_study(spec.storage, "s")), paths)
