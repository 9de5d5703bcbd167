"""The agent that a run with a verdict leaves."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from fxai.market.markets.dataset import prepare
from fxai.results.study_verdict import read_study_verdict
from fxai.results.track_files import is_of
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.committee import Committee
from fxai.search.seeds import verdict_seed
from fxai.study.events import Ending, Notice, StudyEnded, StudyEvent
from fxai.study.run import search_study
from fxai.study.stop_signal import StopSignal
from fxai.study.write_results import StudyOutcome
from study.test_confirmation import TRAINING, spec

pytestmark = pytest.mark.usefixtures("inline_workers")

SEEDS = tuple(verdict_seed(0, index) for index in range(3))


def run(folder: Path, *, stop: bool = False, **changes: Any) -> StudyOutcome:
    """Run the study; with `stop` a stop is requested when the trainings of the verdict are about to begin."""
    signal = StopSignal()

    def watch(events: Iterable[StudyEvent]) -> StudyEnded:
        last: StudyEvent | None = None
        for last in events:
            if stop and isinstance(last, Notice) and last.message.startswith("Verdict: "):
                signal.request()
        assert isinstance(last, StudyEnded)
        return last

    return search_study(spec(folder, **changes), folder, watch, signal, plots=False)


def seeds_in(folder: Path) -> tuple[int, ...]:
    """The seeds of the study's agent, whose track record is there."""
    assert is_of(folder / "raced" / "best_agent.safetensors", folder / "raced" / "best_agent_validation.json")
    return load_agent(folder / "raced" / "best_agent.safetensors").seeds


@pytest.mark.parametrize("confirm", [{"candidates": 2, "seeds": 4, "budget": 4.0}, "off"], ids=["fresh", "searched"])
def test_a_run_that_is_interrupted_before_the_verdict_leaves_an_agent(tmp_path: Path, confirm: object) -> None:
    """The agent is of the trainings so far; the next run makes it the committee of the verdict."""
    changes: dict[str, Any] = {"verdict": {"seeds": 3}, "confirm": confirm, "n_trials": 3}
    stopped = run(tmp_path, stop=True, **changes)
    assert stopped.ended.ending is Ending.INTERRUPTED
    assert stopped.judged is None
    confirmed = stopped.summary.confirmed
    assert (confirmed is None) == (confirm == "off")
    left = seeds_in(tmp_path)
    assert (left == confirmed.seeds) if confirmed is not None else len(left) == 2  # the seeds of the trial
    continued = run(tmp_path, **changes)
    assert continued.judged is not None
    assert seeds_in(tmp_path) == continued.judged.seeds == SEEDS


def test_the_members_of_a_study_with_folds_are_of_the_last_fold(tmp_path: Path) -> None:
    split = {"train": 0.4, "validation": 0.3, "walk_forward": {"folds": 2}}
    config = {"env": {"observation_window": 2}, "model": {"d_model": 8}, "training": TRAINING, "data": {"split": split}}
    outcome = run(tmp_path, training_config=config, n_trials=2, seeds_per_trial=1, confirm="off", verdict={"seeds": 3})
    assert outcome.judged is not None
    agent = load_agent(tmp_path / "raced" / "best_agent.safetensors")
    assert isinstance(agent, Committee)
    assert agent.seeds == outcome.judged.seeds == SEEDS
    market = prepare(agent.config.data)
    assert {member.standardizer for member in agent.members} == {market.standardizer}
    last = market.folds[-1]
    assert market.splits.train == last.train[0]
    assert last.test[-1].stop <= market.splits.test.start
    kept = read_study_verdict(tmp_path / "raced" / "verdict.json")
    assert kept is not None
    assert kept.seeds == SEEDS
