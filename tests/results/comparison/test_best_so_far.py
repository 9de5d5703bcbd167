from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.results.comparison.best_so_far import BestSoFar, first_at
from fxai.results.record import TrialRecord
from fxai.search.stored_trial import StoredState
from fxai.spec.search.metric_goals import Goal

BEGIN = datetime(2026, 3, 2, 9, 0, 0)  # noqa: DTZ001 (Optuna's times are naive)
SCORE = Goal(metric="score")


def trial(number: int, value: float | None, start: float, end: float) -> TrialRecord:
    """A trial that ran between two seconds; without a value it was pruned."""
    state = StoredState.PRUNED if value is None else StoredState.COMPLETE
    started, ended = (BEGIN + timedelta(seconds=seconds) for seconds in (start, end))
    return TrialRecord(number, state, value, {}, started=started, ended=ended)


def test_improvements_over_trials_and_over_time() -> None:
    trials = [trial(0, 1.0, 0, 10), trial(1, None, 0, 4), trial(2, 3.0, 0, 5), trial(3, 2.0, 5, 12)]
    found = BestSoFar.of(trials, SCORE)
    assert [(each.at, each.value) for each in found.over_trials] == [(1, 1.0), (3, 3.0)]
    assert [(each.at, each.value) for each in found.over_time] == [(5, 3.0)]  # which ended first
    assert (found.finished, found.seconds) == (4, 12)
    assert first_at(found.over_trials, 0.5, SCORE) == 1
    assert first_at(found.over_trials, 2.0, SCORE) == 3
    assert first_at(found.over_trials, 4.0, SCORE) is None


def test_a_pause_between_two_runs_is_no_time() -> None:
    found = BestSoFar.of([trial(0, 1.0, 0, 10), trial(1, 2.0, 3600, 3605)], SCORE)
    assert [each.at for each in found.over_time] == [10, 15]
    assert found.seconds == 15


def test_less_may_be_better() -> None:
    found = BestSoFar.of(
        [trial(0, 1.0, 0, 1), trial(1, 2.0, 1, 2), trial(2, 0.5, 2, 3)], Goal(metric="loss", direction="minimize")
    )
    assert [each.trial for each in found.over_trials] == [0, 2]


def test_copies_and_running_trials_are_no_progress() -> None:
    copied = TrialRecord(0, StoredState.COMPLETE, 9.0, {}, copy_of="first 1")
    running = TrialRecord(1, StoredState.RUNNING, None, {}, started=BEGIN)
    found = BestSoFar.of([copied, running], SCORE)
    assert (found.over_trials, found.over_time, found.finished, found.seconds) == ((), (), 0, 0)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 100), st.integers(0, 9)), min_size=1, max_size=30))
@settings(deadline=None, max_examples=50)
def test_time_never_runs_back_nor_beyond_the_clock(spans: list[tuple[int, int, int]]) -> None:
    trials = [trial(number, value, start, start + length) for number, (start, length, value) in enumerate(spans)]
    found = BestSoFar.of(trials, SCORE)
    times = [each.at for each in found.over_time]
    assert times == sorted(times)
    first = min(start for start, _, _ in spans)
    last = max(start + length for start, length, _ in spans)
    assert 0 < times[0] <= found.seconds <= last - first
    assert found.over_time[-1].value == found.over_trials[-1].value == max(value for _, _, value in spans)
