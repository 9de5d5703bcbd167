"""`<study>_results.json` as a study once more: what one can look at without the database that it came from."""

import json
import warnings
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.exceptions import ExperimentalWarning
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial
from pydantic import JsonValue

from fxai.errors import InputError
from fxai.search import attributes
from fxai.search.metric_goals import goals_of

_UNCOUNTED: Mapping[str, Mapping[str, Any]] = {  # by their word: the marks, whose details the file does not tell
    "infeasible": {attributes.INFEASIBLE: ["?"]},
    "transferred": {attributes.TRANSFERRED: "?"},
}
_OF_STUDY = (attributes.FINGERPRINT, attributes.ENDED_BY)
_OF_TRIAL = {
    "seconds": attributes.SECONDS,
    "seed": attributes.SEED,
    "derived": attributes.DERIVED,
    "env_steps": attributes.ENV_STEPS,
    "steps_per_second": attributes.STEPS_PER_SECOND,
    "peak_memory_mb": attributes.PEAK_MEMORY,
    "peak_gpu_memory_mb": attributes.PEAK_GPU_MEMORY,
}
_OF_FAILURE = {"cause": attributes.CAUSE, "message": attributes.MESSAGE}


def study_json(study: optuna.Study) -> dict[str, JsonValue]:
    """What a study is besides its trials: what it optimises, its parameters' distributions, what it is made of.

    Distributions are in Optuna's own form; where a parameter has had several, the last trial's.
    """
    trials = study.get_trials(deepcopy=False)
    space = {name: each for trial in trials for name, each in trial.distributions.items()}
    marks = {name.removeprefix(attributes.PREFIX): study.user_attrs.get(name) for name in _OF_STUDY}
    return {
        "goals": [goal.model_dump(mode="json") for goal in goals_of(study)],
        "space": {name: json.loads(distribution_to_json(each)) for name, each in space.items()},
        **marks,
    }


def read_study(path: Path) -> optuna.Study:
    """The study of such a file, in memory, to look at; an `InputError` for any other file.

    Of trials that count for nothing it has the numbers and the parameters.
    """
    try:
        return _study(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path} is no results file of a study; they are named <study>_results.json") from None


def _study(document: Mapping[str, Any]) -> optuna.Study:
    goals = document["goals"]
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        study_name=document["summary"]["study"],
        directions=[StudyDirection[goal["direction"].upper()] for goal in goals],
        sampler=optuna.samplers.RandomSampler(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names([goal["metric"] for goal in goals])
    for name in _OF_STUDY:
        if told := document[name.removeprefix(attributes.PREFIX)]:
            study.set_user_attr(name, told)
    space = {name: json_to_distribution(json.dumps(each)) for name, each in document["space"].items()}
    study.add_trials([_trial(each, space, [goal["metric"] for goal in goals]) for each in document["trials"]])
    return study


def _trial(told: Mapping[str, Any], space: Mapping[str, BaseDistribution], metrics: list[str]) -> FrozenTrial:
    state = TrialState.FAIL if told["state"] in _UNCOUNTED else TrialState[told["state"].upper()]
    params = {name: told["params"][name] for name in told["params"] if name in space}
    values = [told["values"][name] for name in metrics] if "values" in told else [told["value"]]
    trial = create_trial(
        state=state,
        values=values if state is TrialState.COMPLETE else None,
        params=params,
        distributions={name: space[name] for name in params},
        user_attrs=_attributes(told),
        intermediate_values={int(step): _number(value) for step, value in told["reports"].items()},
    )
    trial.datetime_start, trial.datetime_complete = _local(told["started"]), _local(told["ended"])
    return trial


def _attributes(told: Mapping[str, Any]) -> dict[str, Any]:
    of_trial = {name: told[key] for key, name in _OF_TRIAL.items() if told.get(key) is not None}
    of_failure = {name: told["failure"][key] for key, name in _OF_FAILURE.items()} if told["failure"] else {}
    metrics = {name: value for name, value in told["metrics"].items() if value is not None}
    return {**metrics, **of_trial, **of_failure, **_UNCOUNTED.get(told["state"], {})}


def _number(value: float | None) -> float:
    """JSON has no NaN."""
    return float("nan") if value is None else value


def _local(moment: str | None) -> datetime | None:
    """Optuna's times are local and naive."""
    return None if moment is None else datetime.fromisoformat(moment).astimezone().replace(tzinfo=None)
