"""Parts of a report by themselves: ranges as axes, samples, slots of trials, equity."""

import math
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from fxai.market.scores.track_record import TrackRecord
from fxai.protocol import ParamValue
from fxai.results.page.palette import DARK, SCALE, SERIES, STATES
from fxai.results.paths import StudyPaths
from fxai.results.record import TrialRecord
from fxai.results.report.blocks import Chart
from fxai.results.report.equity import equity
from fxai.results.report.parallel_coordinates import top_trials
from fxai.results.report.sample import every_kth
from fxai.results.report.scales import Scale
from fxai.results.report.study_info import StudyInfo
from fxai.results.report.timeline import in_slots
from fxai.search import attributes
from fxai.search.confirmed import Confirmed
from fxai.search.stored_trial import StoredState

BEGIN = datetime(2026, 3, 2, 9, 0, 0)  # noqa: DTZ001 (Optuna's times are naive)


@pytest.mark.parametrize(
    ("distribution", "value", "position", "extent"),
    [
        (FloatDistribution(1e-5, 1e-3, log=True), 1e-4, 0.5, "1e-05 to 0.001, log"),
        (FloatDistribution(0, 4), 1.0, 0.25, "0 to 4"),
        (IntDistribution(2, 6), 5, 0.75, "2 to 6"),
        (IntDistribution(3, 3), 3, 0.5, "3 to 3"),
        (CategoricalDistribution(("mlp", "gru", None)), "gru", 0.5, "mlp, gru, None"),
    ],
)
def test_a_range_as_an_axis(distribution: BaseDistribution, value: ParamValue, position: float, extent: str) -> None:
    scale = Scale.of("x", distribution)
    assert scale.position(value) == pytest.approx(position)
    assert scale.extent == extent
    axis: dict[str, Any] = dict(scale.axis())
    low, high = axis["range"]
    at = scale.coordinate(value)
    assert low < (math.log10(at) if scale.log else at) < high


@given(st.integers(0, 500), st.integers(1, 60))
def test_a_sample_is_small_and_has_the_first(count: int, most: int) -> None:
    trials = [TrialRecord(number, StoredState.COMPLETE, 0.0, {}) for number in range(count)]
    kept, note = every_kth(trials, most, "their numbers")
    assert len(kept) <= most
    assert [trial.number for trial in kept[:1]] == list(range(min(count, 1)))
    assert bool(note) == (len(kept) < count)


def running(number: int, start: float, seconds: float) -> TrialRecord:
    begun = BEGIN + timedelta(seconds=start)
    return TrialRecord(number, StoredState.COMPLETE, 0.0, {}, started=begun, ended=begun + timedelta(seconds=seconds))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1, max_size=30))
def test_no_slot_has_two_trials_at_the_same_time(runs: list[tuple[int, int]]) -> None:
    uses, _ = in_slots([running(number, *run) for number, run in enumerate(runs)])
    moments = Counter((use.slot, second) for use in uses for second in range(round(use.begin), round(use.end)))
    assert set(moments.values()) == {1}
    at_once = Counter(second for _, second in moments)
    assert max(use.slot for use in uses) + 1 == max(at_once.values())


def test_the_night_between_two_runs_is_cut_out() -> None:
    uses, pauses = in_slots([running(0, 0, 10), running(1, 12, 10), running(2, 40_000, 10)])
    assert [(use.begin, use.end) for use in uses] == [(0, 10), (12, 22), (22, 32)]
    assert pauses == [22]


def test_every_colour_of_figures_has_one_for_dark_pages() -> None:
    assert {*SCALE, *SERIES, *STATES.values()} <= DARK.keys()


def test_a_long_record_is_drawn_in_groups_that_keep_its_end_and_its_deepest_fall() -> None:
    bars = 50_000
    curve = np.linspace(1, 2, bars)
    fall = np.zeros(bars)
    fall[31_337] = 0.25
    record = TrackRecord(
        split="validation",
        times=tuple(np.datetime_as_string(np.datetime64("2020-01-01T00") + np.arange(bars).astype("m8[h]")).tolist()),
        close=curve,
        equity=curve,
        position=np.ones(bars, np.int8),
        drawdown=fall,
        trades=(),
        metrics={},
        baselines={"buy_and_hold": curve},
    )
    held, agent, drawdown, _ = equity(record).data
    assert held.name == "buy and hold"
    assert len(agent.y) == 2000
    assert agent.y[-1] == 2
    assert min(drawdown.y) == -0.25


def test_the_best_line_is_of_the_search_if_a_confirmation_chose_another_trial(
    study: optuna.Study, tmp_path: Path
) -> None:
    first = study.best_trial.number
    assert best_line(study, tmp_path) == f"best (trial {first})"
    chosen = next(trial.number for trial in study.trials if trial.value is not None and trial.number != first)
    study.set_user_attr(attributes.CONFIRMED, Confirmed(chosen, 1.0, 0.1, 0.1, None, (7, 8), 0.5, ()).as_json())
    assert best_line(study, tmp_path) == f"best in the search (trial {first})"


def best_line(study: optuna.Study, folder: Path) -> str:
    (chart,) = top_trials(StudyInfo.of(study, StudyPaths(folder, study.study_name), None)).blocks
    assert isinstance(chart, Chart)
    return str(chart.figure.data[-1].name)
