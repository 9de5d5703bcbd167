"""The agent that a study leaves, and which trainings it is of."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import create_trial

from fxai.errors import InputError
from fxai.results.agent_seeds import agent_origin, agent_seeds
from fxai.results.best_agent import write_best_agent
from fxai.results.files import write_results
from fxai.results.paths import StudyPaths, fresh_paths
from fxai.results.provenance import Provenance
from fxai.results.record import StudyRecord
from fxai.results.training.best_config import load_best_config
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.committee import Committee
from fxai.search import attributes
from fxai.search.confirmed import Confirmed
from fxai.spec.search.study import StudySpec
from rl.agents.test_committee import agents, config

POOL = agents(config(), 12)
SEARCHED, FRESH, JUDGED = (0, 1), (2, 3, 4), (5, 6, 7, 8)  # seeds


@pytest.fixture
def paths(tmp_path: Path) -> StudyPaths:
    return StudyPaths(tmp_path, "fx_ai_quick")


def leave(path: Path, seeds: Sequence[int]) -> None:
    """Write the agent of some seeds as a trial does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    members = [POOL[seed] for seed in seeds]
    (members[0] if len(members) == 1 else Committee.of(members)).save(path)


def search_with_agent(study: optuna.Study, paths: StudyPaths, seeds: Sequence[int] = SEARCHED) -> None:
    leave(paths.trial(study.best_trial.number).agent, seeds)


def confirm(study: optuna.Study, paths: StudyPaths, seeds: Sequence[int] = FRESH) -> None:
    best = study.best_trial.number
    found = Confirmed(best, 1.0, None, None, None, tuple(seeds), study.best_value, ())
    study.set_user_attr(attributes.CONFIRMED, found.as_json())
    for seed in seeds:
        leave(paths.confirmed_trial(best, seed).agent, [seed])


def judge(study: optuna.Study, paths: StudyPaths, seeds: Sequence[int] = JUDGED, winner: int | None = None) -> None:
    number = study.best_trial.number if winner is None else winner
    for seed in seeds:
        leave(fresh_paths(paths.verdict_trainings, number, seed).agent, [seed])
    paths.verdict.write_text(json.dumps({"trial": number, "seeds": list(seeds)}))


def left(study: optuna.Study, spec: StudySpec, paths: StudyPaths) -> tuple[int, ...]:
    """Write the agent, then the other files, and return the seeds of the agent."""
    write_best_agent(StudyRecord.of(study), spec, paths)
    write_results(study, spec, paths, Provenance.of(spec, data_hash="d" * 64))
    return load_agent(paths.best_agent).seeds


def origin(study: optuna.Study, paths: StudyPaths, seeds_per_trial: int = 2) -> str:
    return agent_origin(study.best_trial.number, StudyRecord.of(study).confirmed, seeds_per_trial, paths)


def test_the_agent_is_of_the_last_trainings(study: optuna.Study, spec: StudySpec, paths: StudyPaths) -> None:
    """After the search, the confirmation and the verdict; the config has its seeds at each time."""
    search_with_agent(study, paths)
    assert left(study, spec, paths) == SEARCHED
    assert origin(study, paths) == "the committee of the trial's 2 seeds"
    confirm(study, paths)
    assert left(study, spec, paths) == FRESH
    assert origin(study, paths) == "the committee of the 3 fresh seeds of the confirmation"
    judge(study, paths)
    assert left(study, spec, paths) == JUDGED
    assert origin(study, paths) == "the committee of the 4 fresh seeds of the verdict"
    best = load_best_config(paths.best_config)
    assert best.trained_seeds == JUDGED
    assert best.seed == JUDGED[0]
    loaded = load_agent(paths.best_agent)
    assert isinstance(loaded, Committee)
    for member, seed in zip(loaded.members, JUDGED, strict=True):
        assert (member.weights == POOL[seed].weights).all()


def test_one_seed_leaves_its_agent(study: optuna.Study, spec: StudySpec, paths: StudyPaths) -> None:
    search_with_agent(study, paths, seeds=[1])
    assert left(study, spec, paths) == (1,)
    assert paths.best_agent.read_bytes() == paths.trial(study.best_trial.number).agent.read_bytes()
    assert origin(study, paths, seeds_per_trial=1) == ""
    assert origin(study, paths) == "that of the first of the trial's 2 seeds"  # of an earlier release
    assert "seeds" not in paths.best_config.read_text()


def test_the_first_seed_alone(study: optuna.Study, spec: StudySpec, paths: StudyPaths) -> None:
    first = spec.model_copy(update={"agent": "first_seed"})
    search_with_agent(study, paths)
    assert left(study, first, paths) == SEARCHED[:1]
    assert origin(study, paths) == "that of the first of the trial's 2 seeds"
    confirm(study, paths)
    judge(study, paths)
    assert left(study, first, paths) == FRESH[:1]
    assert origin(study, paths) == "that of the first of the 3 fresh seeds of the confirmation"
    assert not isinstance(load_agent(paths.best_agent), Committee)
    assert load_best_config(paths.best_config).trained_seeds == FRESH[:1]
    assert left(study, spec, paths) == JUDGED


@pytest.mark.parametrize("found", ["another winner", "damaged"])
def test_a_verdict_on_another_trial_is_not_used(
    study: optuna.Study, spec: StudySpec, paths: StudyPaths, found: str
) -> None:
    confirm(study, paths)
    judge(study, paths, winner=study.best_trial.number + 1)
    if found == "damaged":
        paths.verdict.write_text("{")
    assert left(study, spec, paths) == FRESH


def test_an_agent_that_is_there_is_not_written_again(study: optuna.Study, spec: StudySpec, paths: StudyPaths) -> None:
    confirm(study, paths)
    left(study, spec, paths)
    before = paths.best_agent.stat().st_mtime_ns
    assert left(study, spec, paths) == FRESH
    assert paths.best_agent.stat().st_mtime_ns == before
    confirm(study, paths, seeds=(2, 3, 4, 9))  # the race went on
    assert left(study, spec, paths) == (2, 3, 4, 9)


def test_the_agent_of_an_earlier_best_does_not_stay(study: optuna.Study, spec: StudySpec, paths: StudyPaths) -> None:
    search_with_agent(study, paths)
    left(study, spec, paths)
    distributions = study.best_trial.distributions
    study.add_trial(
        create_trial(value=99.0, params=study.best_params, distributions=distributions, user_attrs={attributes.SEED: 7})
    )
    assert write_best_agent(StudyRecord.of(study), spec, paths) == ()
    assert not paths.best_agent.exists()


def test_the_agent_stays_when_its_trainings_were_deleted(
    study: optuna.Study, spec: StudySpec, paths: StudyPaths
) -> None:
    search_with_agent(study, paths)
    left(study, spec, paths)
    paths.trial(study.best_trial.number).agent.unlink()
    assert left(study, spec, paths) == SEARCHED


@pytest.mark.parametrize("agent", ["committee", "first_seed"])
def test_a_file_of_custom_code_is_copied(study: optuna.Study, spec: StudySpec, paths: StudyPaths, agent: str) -> None:
    path = paths.trial(study.best_trial.number).agent
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    written = write_best_agent(StudyRecord.of(study), spec.model_copy(update={"agent": agent}), paths)
    assert written == (paths.best_agent,)
    assert paths.best_agent.read_bytes() == b"weights"
    assert origin(study, paths) == ""


def test_without_a_best_trial_there_is_no_agent(empty_study: optuna.Study, spec: StudySpec, paths: StudyPaths) -> None:
    assert write_best_agent(StudyRecord.of(empty_study), spec, paths) == ()


def test_agents_that_differ_in_more_are_refused(study: optuna.Study, spec: StudySpec, paths: StudyPaths) -> None:
    confirm(study, paths)
    replace(POOL[3], data_hash="other").save(paths.confirmed_trial(study.best_trial.number, 3).agent)
    with pytest.raises(InputError, match="agent 1 differs from agent 0 in data_hash"):
        write_best_agent(StudyRecord.of(study), spec, paths)


@pytest.mark.parametrize("content", [b"", b"weights", b"\x02\0\0\0\0\0\0\0{}", None])
def test_other_files_have_no_seeds(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "agent.safetensors"
    if content is not None:
        path.write_bytes(content)
    assert agent_seeds(path) == ()
