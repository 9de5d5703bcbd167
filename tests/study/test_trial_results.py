from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from fxai.protocol import Report
from fxai.study.trial_results import RepeatedReturns, ticks


@given(numbers=st.lists(st.integers(0, 4), max_size=20))
def test_a_tick_has_one_report_of_a_trial_and_reports_stay_in_order(numbers: list[int]) -> None:
    reports = [Report(number, step, 0.0) for step, number in enumerate(numbers)]
    rounds = ticks(reports)
    assert all(len({report.number for report in tick}) == len(tick) for tick in rounds)
    assert len(rounds) == max(Counter(numbers).values(), default=0)
    for number in set(numbers):
        steps = [report.step for tick in rounds for report in tick if report.number == number]
        assert steps == [report.step for report in reports if report.number == number]


def test_returns_count_from_the_furthest_report() -> None:
    returns = RepeatedReturns()
    returns.progressed(Report(1, 5, 0.0))
    assert [returns.add(1), returns.add(1)] == [1, 2]
    returns.progressed(Report(1, 5, 0.0))  # repeated from its checkpoint
    assert returns.add(1) == 3
    returns.progressed(Report(1, 10, 0.0))
    assert returns.add(1) == 1
