"""Writes and reads `<study>_results.json`, from which a study can be read without its database."""

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

_UNCOUNTED: Mapping[str, Mapping[str, Any]] = {  # attributes of trials that do not count; the file has no details
    "infeasible": {attributes.INFEASIBLE: ["?"]},
    "transferred": {attributes.TRANSFERRED: "?"},
}
_OF_STUDY = (attributes.FINGERPRINT, attributes.ENDED_BY, attributes.KEY, attributes.CONFIRMED)
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
    """The study's goals, distributions and fingerprint as JSON.

    Distributions are in Optuna's JSON format. If the distribution of a parameter changed, the last trial's is written.
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
    """Read the study of a results file into memory.

    Trials that do not count have only their numbers and parameters.

    Raises:
        InputError: The file does not exist, cannot be read, or is not a results file.
    """
    try:
        return _study(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path} is not a results file of a study (<study>_results.json)") from None


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
        if value := document.get(name.removeprefix(attributes.PREFIX)):  # files of earlier releases have fewer
            study.set_user_attr(name, value)
    space = {name: json_to_distribution(json.dumps(each)) for name, each in document["space"].items()}
    study.add_trials([_trial(each, space, [goal["metric"] for goal in goals]) for each in document["trials"]])
    return study


def _trial(stored: Mapping[str, Any], space: Mapping[str, BaseDistribution], metrics: list[str]) -> FrozenTrial:
    state = TrialState.FAIL if stored["state"] in _UNCOUNTED else TrialState[stored["state"].upper()]
    params = {name: stored["params"][name] for name in stored["params"] if name in space}
    values = [stored["values"][name] for name in metrics] if "values" in stored else [stored["value"]]
    trial = create_trial(
        state=state,
        values=values if state is TrialState.COMPLETE else None,
        params=params,
        distributions={name: space[name] for name in params},
        user_attrs=_attributes(stored),
        intermediate_values={int(step): _number(value) for step, value in stored["reports"].items()},
    )
    trial.datetime_start, trial.datetime_complete = _local(stored["started"]), _local(stored["ended"])
    return trial


def _attributes(stored: Mapping[str, Any]) -> dict[str, Any]:
    of_trial = {name: stored[key] for key, name in _OF_TRIAL.items() if stored.get(key) is not None}
    of_failure = {name: stored["failure"][key] for key, name in _OF_FAILURE.items()} if stored["failure"] else {}
    metrics = {name: value for name, value in stored["metrics"].items() if value is not None}
    return {**metrics, **of_trial, **of_failure, **_UNCOUNTED.get(stored["state"], {})}


def _number(value: float | None) -> float:
    """A value of JSON, which has null for NaN."""
    return float("nan") if value is None else value


def _local(moment: str | None) -> datetime | None:
    """A time as Optuna has it: local and naive."""
    return None if moment is None else datetime.fromisoformat(moment).astimezone().replace(tzinfo=None)
