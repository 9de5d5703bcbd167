"""Missing returns of trials are computed again, by the command with a worker process."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest

from cli.conftest import call_fxai
from fxai.errors import InputError
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord, TrialRecord
from fxai.search.attributes import identity_of
from fxai.search.studies import stored_study
from fxai.search.study_traits import StudyTraits
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.study import StudySpec
from fxai.study.rebuild_returns import ReturnsRebuild, check_rebuild, without_returns
from fxai.study.run import search_study
from fxai.study.stop_signal import StopSignal
from fxai.study.study_workers import open_workers, worker_slots
from inline_workers import train_in_this_process

TRAINING = {"total_updates": 4, "eval_frequency": 2, "n_envs": 4, "rollout_steps": 32}


class PrunesTrial1(optuna.pruners.BasePruner):
    """Prunes trial 1 at its first report."""

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:  # noqa: ARG002 - Optuna's signature
        return trial.number == 1


@train_in_this_process()
def searched(folder: Path, split: dict[str, Any] | None = None, **changes: Any) -> StudySpec:
    """A study of two trials, of which the second is pruned."""
    data = {"data": {"split": split or {}}}
    spec = StudySpec.model_validate(
        {
            "study_name": "s",
            "n_trials": 2,
            "n_jobs": 1,
            "confirm": "off",
            "verdict": "off",
            "storage": f"sqlite:///{folder}/s.db",
            "pruner": {"type": f"{__name__}.PrunesTrial1"},
            "parameters": [{"name": "training.learning_rate", "type": "float_log", "low": 1e-4, "high": 1e-2}],
            "training_config": {
                "env": {"observation_window": 2},
                "model": {"d_model": 8},
                "training": TRAINING,
                **data,
            },
            **changes,
        }
    )
    outcome = search_study(spec, folder, lambda events: list(events)[-1], StopSignal(), plots=False)  # type: ignore[arg-type, return-value]
    return outcome.study


def rebuild_of(spec: StudySpec, folder: Path, changed: TrialRecord | None = None) -> ReturnsRebuild:
    """The rebuild of a study; `changed` replaces a trial of its record."""
    with stored_study(spec.storage, "s") as stored:
        record, identity = StudyRecord.of_trials(stored, stored.trials()), identity_of(stored.user_attrs)
    check_rebuild(spec, record)
    if changed is not None:
        record = replace(record, trials=[changed if each.number == changed.number else each for each in record.trials])
    return ReturnsRebuild(spec, record, identity, StudyPaths(folder, "s"))


@train_in_this_process()
def train(rebuild: ReturnsRebuild, folder: Path, stop: StopSignal | None = None) -> None:
    with open_workers(rebuild.spec, worker_slots(rebuild.spec), folder / "logs") as workers:
        list(rebuild.train(workers.pool, stop or StopSignal()))


def files(folder: Path) -> list[Path]:
    return [StudyPaths(folder, "s").trial(number).returns for number in range(2)]


@pytest.mark.parametrize(
    ("seeds", "split"),
    [(2, {}), (1, {"walk_forward": {"folds": 2}}), (1, {"combinatorial": {"groups": 3}}), (1, {})],
    ids=["seeds", "walk-forward", "combinatorial", "one agent"],
)
def test_the_files_are_those_of_the_search(seeds: int, split: dict[str, Any], tmp_path: Path) -> None:
    spec = searched(tmp_path, split, seeds_per_trial=seeds)
    before = [file.read_bytes() for file in files(tmp_path)]
    files(tmp_path)[0].unlink()
    files(tmp_path)[1].write_bytes(before[1][:-5])  # damaged
    rebuild = rebuild_of(spec, tmp_path)
    assert list(rebuild.missing) == [0, 1]
    rebuild.score_agents()
    with_agent = spec.lanes_per_trial == 1
    assert list(rebuild.missing) == ([1] if with_agent else [0, 1])  # the pruned trial has no agent
    train(rebuild, tmp_path)
    assert sorted(rebuild.result.written) == [0, 1]
    assert not rebuild.result.not_written
    assert [file.read_bytes() for file in files(tmp_path)] == before
    assert not (tmp_path / "s" / "rebuilt").exists()
    assert not rebuild_of(spec, tmp_path).missing


def test_returns_of_other_values_are_not_kept(tmp_path: Path) -> None:
    spec = searched(tmp_path)
    file = files(tmp_path)[1]
    file.unlink()
    (trial,) = rebuild_of(spec, tmp_path).missing.values()
    rebuild = rebuild_of(spec, tmp_path, replace(trial, reports={2: 0.123}))
    train(rebuild, tmp_path)
    assert not file.exists()
    assert not rebuild.result.written
    assert "the study has 0.123 after 2" in rebuild.result.not_written[1]
    assert repr(trial.reports[2]) in rebuild.result.not_written[1]


@train_in_this_process()
def test_an_interrupted_rebuild_is_continued(tmp_path: Path) -> None:
    spec = searched(tmp_path, seeds_per_trial=2)
    before = [file.read_bytes() for file in files(tmp_path)]
    for file in files(tmp_path):
        file.unlink()
    rebuild, stop = rebuild_of(spec, tmp_path), StopSignal()
    with open_workers(spec, worker_slots(spec), tmp_path / "logs") as workers:
        for _ in rebuild.train(workers.pool, stop):
            if any((tmp_path / "s" / "rebuilt").glob("*/checkpoint.safetensors")):
                stop.request()
    assert rebuild.missing
    again = rebuild_of(spec, tmp_path)
    train(again, tmp_path)
    assert [file.read_bytes() for file in files(tmp_path)] == before


def test_the_report_is_written_after_a_rebuild(tmp_path: Path) -> None:
    spec = searched(tmp_path, seeds_per_trial=2)
    file = files(tmp_path)[1]
    before = file.read_bytes()
    file.unlink()
    options = ("--storage", spec.storage, "--results-dir", str(tmp_path))
    done = call_fxai(tmp_path, "report", "s", "--rebuild", *options)
    assert done.code == 0, done.err
    assert "1 of 1 missing file" in done.out
    assert file.read_bytes() == before
    found = call_fxai(tmp_path, "report", "--all", "--rebuild", *options)
    assert (found.code, "--rebuild needs the name of a study" in found.err) == (2, True)


def test_members_of_a_population_are_refused(tmp_path: Path) -> None:
    spec = searched(tmp_path, n_trials=1)
    with stored_study(spec.storage, "s") as stored:
        record = StudyRecord.of_trials(stored, stored.trials())
    assert not without_returns(record, StudyPaths(tmp_path, "s"))
    with pytest.raises(InputError, match="fx_trading and llm_signal only"):
        check_rebuild(spec, replace(record, traits=StudyTraits()))
    population = spec.model_copy(update={"search": PopulationSearch()})
    with pytest.raises(InputError, match="member of a population"):
        check_rebuild(population, record)
