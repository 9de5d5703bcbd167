"""Judges a study's winner on bars that the search did not use, with committees that are trained already."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from pydantic import JsonValue

from fxai.errors import FxaiError, InputError
from fxai.evaluation.neighbourhood import Neighbourhood
from fxai.evaluation.verdict import MissingFigure, VerdictSettings, verdict
from fxai.results.best_verdict import BestVerdict
from fxai.results.files import add_verdict
from fxai.results.looks import note_look
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.results.study_verdict import StudyVerdict
from fxai.search.study_traits import StudyTraits
from fxai.spec.fields.objective import LLM_SIGNAL
from fxai.study.committees import DEFAULT_TRIAL, Committees
from fxai.study.describe_selection import describe_selection
from fxai.study.judged_agents import judged_agents
from fxai.study.judged_committees import JudgedCommittees
from fxai.study.judged_signals import judged_signals


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
    study = committees.study
    if committees.missing:
        raise FxaiError("the committees of the verdict are not trained")
    bars = judged_committees(committees, data)
    settings = VerdictSettings(confidence, note_look(paths.directory, _look(committees, bars, confidence)))
    found = bars.compare()
    judged = verdict(
        found.winner,
        found.default,
        settings,
        bars_per_year=found.bars_per_year,
        baselines=found.baselines,
    )
    near, reason = _neighbourhood(committees)
    times = np.datetime_as_string(found.dates[[0, -1]], unit="s", timezone="UTC").tolist()
    result = StudyVerdict(
        study=study.spec.study_name,
        study_key=study.identity.key,
        trial=study.winner,
        default=DEFAULT_TRIAL,
        seeds=committees.seeds,
        data=bars.data,
        data_hash=bars.data_hash,
        split=bars.split,
        first=times[0],
        last=times[1],
        judged=datetime.now(UTC).isoformat(timespec="seconds"),
        verdict=judged if reason is None else replace(judged, missing=(*judged.missing, reason)),
        selection=describe_selection(committees, record, paths, bars.searched_bars_per_year),
        neighbourhood=near,
        instruments=found.instruments,
        knowledge=found.knowledge,
    )
    _write(result, paths, on_test_split=bars.uses_test_split)
    return result


def judged_committees(committees: Committees, data: str | None) -> JudgedCommittees:
    """The committees with the bars of the verdict; see `judge`."""
    if committees.study.spec.objective == LLM_SIGNAL:
        return judged_signals(committees, data)
    return judged_agents(committees, data)


def _look(committees: Committees, bars: JudgedCommittees, confidence: float) -> dict[str, JsonValue]:
    """What makes two looks at the same bars identical."""
    study = committees.study
    return {
        "verdict_of": study.spec.study_name,
        "study_key": study.identity.key,
        "trial": study.winner,
        "seeds": list(committees.seeds),
        "confidence": confidence,
        "split": bars.split,
        "data_hash": bars.data_hash,
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
