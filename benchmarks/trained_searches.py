"""Small searches with real trainings, on markets where no winner is better than both the default and doing nothing.

Used by `verdict_calibration.py`. Each is a run as by `fxai run`: search, confirmation, committees and verdict.
"""

import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fxai.evaluation.verdict_word import VerdictWord
from fxai.spec.search.study import StudySpec
from fxai.study.events import StudyEnded, StudyEvent, TrialFinished
from fxai.study.run import search_study
from fxai.study.stop_signal import StopSignal
from market_files import turning_pattern, write_bars

BARS = 6000  # with 1,200 test bars
TRAIN_BARS = BARS * 6 // 10
TRIALS = 8
NO_COSTS = {"spread": 0.0, "slippage_rate": 0.0, "commission_rate": 0.0}
SHORT = {"total_updates": 8, "eval_frequency": 4, "n_envs": 16, "rollout_steps": 64}
UNTRAINED = (1e-9, 2e-9, 3e-9, 4e-9)  # learning rates that leave the weights as they were drawn


@dataclass(frozen=True, slots=True)
class JudgedSearch:
    """The word of a search, and whether the naive rule calls its winner better."""

    word: VerdictWord
    best_beats_default: bool  # by the search's values on validation


@dataclass(slots=True)
class _Values:
    """Collects the values of a study's trials."""

    of_trial: dict[int, float]

    def __call__(self, events: Iterable[StudyEvent]) -> StudyEnded:
        for event in events:
            match event:
                case TrialFinished(result) if result.value is not None:
                    self.of_trial[result.number] = result.value
                case StudyEnded():
                    return event
                case _:
                    pass
        raise RuntimeError("the events of the study ended without StudyEnded")


def judged(study: Mapping[str, Any]) -> JudgedSearch:
    """Run a study to its end and read its verdict."""
    values = _Values({})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec = StudySpec.model_validate({**study, "storage": f"sqlite:///{folder / 'study.db'}"})
        outcome = search_study(spec, folder / "results", values, StopSignal(), plots=False)
    if outcome.judged is None:
        sys.exit(f"the study {spec.study_name} has no verdict: {'; '.join(outcome.warnings)}")
    others = [value for trial, value in values.of_trial.items() if trial]
    return JudgedSearch(outcome.judged.verdict.word, max(others) > values.of_trial[0])


def no_edge(seed: int, _folder: Path) -> Mapping[str, Any]:
    """EURUSD in random order: no edge before costs, and configurations that trade more or less often."""
    parameters = [
        {"name": "training.learning_rate", "type": "float_log", "low": 1e-4, "high": 3e-3},
        {"name": "training.entropy_coef", "type": "float_log", "low": 1e-4, "high": 1e-1},
        {"name": "training.gamma", "type": "float", "low": 0.5, "high": 0.99},
    ]
    return _study(seed, f"shuffled_1h:{seed}", parameters, {"learning_rate": 1e-3})


def as_skilled_default(seed: int, _folder: Path) -> Mapping[str, Any]:
    """A planted pattern, and a parameter that changes nothing: a learning rate in a range of a thousandth of it."""
    parameters = [{"name": "training.learning_rate", "type": "float", "low": 3e-3, "high": 3.003e-3}]
    return _study(seed, f"planted_1h:{seed}", parameters, {"learning_rate": 3e-3})


def as_flat(seed: int, folder: Path) -> Mapping[str, Any]:
    """Without costs; all trials but the default act at random.

    The returns of the train bars follow each other, those of later bars turn back. So the default, which learns, loses
    later, and untrained agents earn nothing in expectation.
    """
    choices = [3e-3, *UNTRAINED]
    parameters = [{"name": "training.learning_rate", "type": "categorical", "choices": choices}]
    source = write_bars(turning_pattern(seed, BARS, TRAIN_BARS), folder)
    return _study(seed, str(source), parameters, {"learning_rate": 3e-3}, NO_COSTS)


def _study(
    seed: int,
    source: str,
    parameters: list[dict[str, Any]],
    training: Mapping[str, Any],
    env: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    config = {
        "data": {"source": source},
        "env": {"observation_window": 2, **(env or {})},
        "model": {"d_model": 16},
        "training": {**SHORT, **training},
    }
    return {
        "study_name": "trained",
        "direction": "maximize",
        "metric_name": "sharpe",
        "n_trials": TRIALS,
        "seeds_per_trial": 2,
        "n_jobs": 1,
        "seed": seed,
        "pruner": {"type": "NopPruner"},
        "confirm": {"candidates": 3, "seeds": 4, "budget": 1.0},
        "verdict": {"seeds": 4},
        "parameters": parameters,
        "training_config": config,
    }


TRAINED_NULLS: Mapping[str, Callable[[int, Path], Mapping[str, Any]]] = {
    "no edge before costs": no_edge,
    "equal to a skilled default": as_skilled_default,
    "equal to flat, default loses": as_flat,
}


def trained_search(null: str, seed: int) -> JudgedSearch:
    """A search with real trainings."""
    with tempfile.TemporaryDirectory() as folder:
        return judged(TRAINED_NULLS[null](seed, Path(folder)))
