"""Judges a study's winner on bars that the search did not use, with committees that are trained already."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import JsonValue

from fxai.errors import FxaiError, InputError
from fxai.evaluation.instrument_figures import instrument_figures
from fxai.evaluation.neighbourhood import Neighbourhood
from fxai.evaluation.verdict import MissingFigure, VerdictSettings, verdict
from fxai.results.best_verdict import BestVerdict
from fxai.results.files import add_verdict
from fxai.results.looks import note_look
from fxai.results.paths import StudyPaths
from fxai.results.record import StudyRecord
from fxai.results.study_verdict import StudyVerdict
from fxai.search.study_traits import StudyTraits
from fxai.study.committees import DEFAULT_TRIAL, Committees
from fxai.study.describe_selection import describe_selection
from fxai.study.judged_bars import JudgedBars, judged_bars, searched_bars_per_year
from fxai.study.unused_bars import check_unused_bars

if TYPE_CHECKING:
    from fxai.rl.agents.committee import Committee


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
    winner = _committee(committees.agents_of(study.winner))
    default = winner if study.winner == DEFAULT_TRIAL else _committee(committees.agents_of(DEFAULT_TRIAL))
    bars = judged_bars(winner, data)
    if data is not None and not bars.first.is_training_data:
        check_unused_bars(winner, bars.first.market)
    settings = VerdictSettings(confidence, note_look(paths.directory, _look(committees, bars, confidence)))
    found = of_default = bars.trade(data)
    if default is not winner:
        of_default = judged_bars(default, data).trade(data)
    judged = verdict(
        found.returns,
        of_default.returns,
        settings,
        bars_per_year=found.bars_per_year,
        baselines=found.baselines(),
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
        split=bars.first.split,
        first=times[0],
        last=times[1],
        judged=datetime.now(UTC).isoformat(timespec="seconds"),
        verdict=judged if reason is None else replace(judged, missing=(*judged.missing, reason)),
        selection=describe_selection(committees, record, paths, searched_bars_per_year(bars)),
        neighbourhood=near,
        instruments=() if found.bars is None else instrument_figures(found.of_each, of_default.of_each, found.bars),
    )
    _write(result, paths, on_test_split=bars.uses_test_split)
    return result


def _look(committees: Committees, bars: JudgedBars, confidence: float) -> dict[str, JsonValue]:
    """What makes two looks at the same bars identical."""
    study = committees.study
    return {
        "verdict_of": study.spec.study_name,
        "study_key": study.identity.key,
        "trial": study.winner,
        "seeds": list(committees.seeds),
        "confidence": confidence,
        "split": bars.first.split,
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


def _committee(agents: Sequence[Path]) -> "Committee":
    from fxai.rl.agents.agent_file import load_agent  # noqa: PLC0415 - torch, which this process does without until here
    from fxai.rl.agents.committee import Committee  # noqa: PLC0415

    return Committee.of([load_agent(path) for path in agents])
