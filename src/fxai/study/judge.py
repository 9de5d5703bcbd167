"""Judges a study's winner on bars that the search did not use, with committees that are trained already."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import JsonValue

from fxai.errors import FxaiError, InputError
from fxai.evaluation.neighbourhood import Neighbourhood
from fxai.evaluation.position_baselines import position_baselines
from fxai.evaluation.verdict import MissingFigure, VerdictSettings, verdict
from fxai.market.calendar import bars_per_year
from fxai.market.read_bars import load_bars
from fxai.results.best_verdict import BestVerdict
from fxai.results.files import add_verdict
from fxai.results.looks import note_look
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.results.study_verdict import StudyVerdict
from fxai.search.study_traits import StudyTraits
from fxai.spec.fields.env_config import EnvConfig
from fxai.study.committees import DEFAULT_TRIAL, Committees
from fxai.study.describe_selection import describe_selection
from fxai.study.unused_bars import check_unused_bars

if TYPE_CHECKING:
    from fxai.rl.agents.agent import Agent
    from fxai.rl.agents.committee import Committee
    from fxai.rl.agents.evaluation_window import EvaluationWindow


def judge(
    committees: Committees, record: StudyRecord, paths: StudyPaths, data: str | None = None, confidence: float = 0.95
) -> StudyVerdict:
    """Judge the winner's committee against the default's, and write the verdict.

    The verdict on the test split is `verdict.json`, and `best_params.json` names its word. A verdict on other data is
    `verdict_NAME.json`.

    Args:
        committees: The committees, trained.
        record: The study's trials.
        paths: Of the study.
        data: Other data than those of the training: a file or a name. The default are the test bars of the training.
        confidence: Of each one-sided bound at the first look.

    Raises:
        FxaiError: The bars cannot be read, are too few, or the search used them; or a file cannot be written.
    """
    from fxai.rl.agents.committee_steps import committee_steps  # noqa: PLC0415 - torch, see `_committee`

    study = committees.study
    if committees.missing:
        raise FxaiError("the committees of the verdict are not trained")
    winner = _committee(committees.agents_of(study.winner))
    default = winner if study.winner == DEFAULT_TRIAL else _committee(committees.agents_of(DEFAULT_TRIAL))
    window = _window(winner, data)
    if not window.is_training_data:
        check_unused_bars(winner, window.market)
    settings = VerdictSettings(confidence, note_look(paths.directory, _look(committees, window, confidence)))
    found, path = committee_steps(winner, window, lambda member: _window(member, data))
    of_default = found
    if default is not winner:
        of_default, _ = committee_steps(default, _window(default, data), lambda member: _window(member, data))
    env = _scoring_env(winner)
    baselines = position_baselines(window.market, path, env)
    judged = verdict(found, of_default, settings, bars_per_year=window.market.bars_per_year, baselines=baselines)
    near, reason = _neighbourhood(committees)
    times = np.datetime_as_string(window.market.time[path.bar[[0, -1]]], unit="s", timezone="UTC").tolist()
    result = StudyVerdict(
        study=study.spec.study_name,
        study_key=study.identity.key,
        trial=study.winner,
        default=DEFAULT_TRIAL,
        seeds=committees.seeds,
        data=window.market.name,
        data_hash=window.market.content_hash,
        split=window.split,
        first=times[0],
        last=times[1],
        judged=datetime.now(UTC).isoformat(timespec="seconds"),
        verdict=judged if reason is None else replace(judged, missing=(*judged.missing, reason)),
        selection=describe_selection(committees, record, paths, _bars_per_year(winner, window)),
        neighbourhood=near,
    )
    _write(result, paths, on_test_split=window.uses_test_split)
    return result


def _look(committees: Committees, window: "EvaluationWindow", confidence: float) -> dict[str, JsonValue]:
    """What makes two looks at the same bars identical."""
    study = committees.study
    return {
        "verdict_of": study.spec.study_name,
        "study_key": study.identity.key,
        "trial": study.winner,
        "seeds": list(committees.seeds),
        "confidence": confidence,
        "split": window.split,
        "data_hash": window.market.content_hash,
    }


def _write(result: StudyVerdict, paths: StudyPaths, *, on_test_split: bool) -> None:
    if on_test_split:
        result.write(paths.verdict)
        traits = StudyTraits(result.study_key)
        add_verdict(paths, BestVerdict.of(result.study, traits, result.trial, paths.results_dir))
    else:
        result.write(paths.verdict_on(result.data))


def _neighbourhood(committees: Committees) -> tuple[Neighbourhood | None, MissingFigure | None]:
    """The neighbourhood, from trainings on validation; None with the reason if it cannot be given."""
    try:
        return committees.neighbourhood(), None
    except InputError as error:
        return None, MissingFigure(f"configurations near trial {committees.study.winner}", str(error))


def _committee(agents: Sequence[Path]) -> "Committee":
    from fxai.rl.agents.agent_file import load_agent  # noqa: PLC0415 - torch, which this process does without until here
    from fxai.rl.agents.committee import Committee  # noqa: PLC0415

    return Committee.of([load_agent(path) for path in agents])


def _window(agent: "Agent", data: str | None) -> "EvaluationWindow":
    from fxai.rl.agents.evaluation_window import evaluation_window  # noqa: PLC0415

    window = evaluation_window(agent, data, "test" if data is None else None)
    # The data of the training by name or path: only their test bars were not used by the search.
    return evaluation_window(agent, data, "test") if window.is_training_data and window.split != "test" else window


def _bars_per_year(agent: "Agent", window: "EvaluationWindow") -> float:
    """Of the data of the training, which are read again only if the verdict is on other data."""
    return window.market.bars_per_year if window.is_training_data else bars_per_year(load_bars(agent.config.data).time)


def _scoring_env(committee: "Committee") -> EnvConfig:
    from fxai.rl.agents.scoring import scoring_env_of  # noqa: PLC0415

    return scoring_env_of(committee.base_env, committee.config.env)
