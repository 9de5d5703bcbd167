"""Bars of trading sessions, and the fills at their borders."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.rules import Action
from fxai.market.rules.sessions import session_codes
from fxai.market.rules.simulator import Simulator
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.session_config import SessionConfig

SHORT, FLAT, LONG = Action.SHORT, Action.FLAT, Action.LONG
IN, LAST, OUT = 0, 1, 2
NEW_YORK = {"start": "09:30", "end": "16:00", "timezone": "America/New_York"}
DAY_AND_NIGHT = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "timezone": "UTC"}


def codes_of(times: pd.DatetimeIndex, *sessions: dict[str, Any]) -> list[int]:
    found = [SessionConfig.model_validate(each) for each in sessions]
    codes: list[int] = session_codes(times.to_numpy().astype("datetime64[ns]"), found).tolist()
    return codes


def opens_of(times: pd.DatetimeIndex, *sessions: dict[str, Any], code: int = IN) -> list[str]:
    return [f"{time:%a %H:%M}" for time, each in zip(times, codes_of(times, *sessions), strict=True) if each == code]


def test_a_session_has_the_bars_that_open_in_it_in_its_time_zone() -> None:
    winter = pd.date_range("2024-01-08 14:00", periods=16, freq="30min")  # Monday, New York is at UTC - 5
    assert codes_of(winter, NEW_YORK) == [OUT] + [IN] * 12 + [LAST] + [OUT] * 2
    summer = pd.date_range("2024-07-08 13:00", periods=16, freq="30min")
    assert codes_of(summer, NEW_YORK) == [OUT] + [IN] * 12 + [LAST] + [OUT] * 2


def test_days_are_those_on_which_the_session_begins() -> None:
    week = pd.date_range("2024-01-05 00:00", "2024-01-09 23:00", freq="4h")  # Friday to Tuesday
    night = {"start": "22:00", "end": "06:00", "timezone": "UTC", "days": ["fri", "mon"]}
    assert opens_of(week, night) == ["Sat 00:00", "Tue 00:00"]
    assert opens_of(week, night, code=LAST) == ["Sat 04:00", "Tue 04:00"]
    whole = {"start": "00:00", "end": "24:00", "timezone": "UTC"}
    assert opens_of(week, whole, code=LAST) == ["Fri 20:00", "Mon 20:00", "Tue 20:00"]
    assert len(opens_of(week, whole)) == 15


def test_the_last_bar_of_a_session_is_last_whatever_hours_the_data_have() -> None:
    stocks = pd.DatetimeIndex([f"2024-01-{day:02d} {hour}:30" for day in (8, 9) for hour in (14, 15, 16)])
    assert codes_of(stocks, NEW_YORK) == [IN, IN, LAST] * 2


def test_of_two_sessions_each_has_its_own_last_bar() -> None:
    times = pd.date_range("2024-01-08 00:00", periods=8, freq="1h")
    morning, noon = {"start": "01:00", "end": "03:00"}, {"start": "03:00", "end": "06:00"}
    found = codes_of(times, {**morning, **DAY_AND_NIGHT}, {**noon, **DAY_AND_NIGHT})
    assert found == [OUT, IN, LAST, IN, IN, LAST, OUT, OUT]


def simulated(codes: list[int], actions: list[int], **config: Any) -> list[tuple[float, float, bool, float]]:
    """Position after the open, price of an exit over the open, whether the agent closed, equity; opens are 1."""
    count = len(codes) + 1
    closes = [1.0] + [1.1] * len(codes)
    nights = [0] + [1] * len(codes)
    table = QuoteTable.of(open=[1.0] * count, close=closes, nights=nights)
    table = replace(table, sessions=np.array([IN, *codes], np.uint8))
    free = {"spread": 0, "slippage_rate": 0, "commission_rate": 0.01, "sessions": NEW_YORK}
    simulator = Simulator(table, EnvConfig.model_validate(free | config), 0, count)
    steps = [simulator.step(action) for action in actions]
    return [(step.position, step.exit_price, step.closed, step.equity) for step in steps]


def test_outside_a_session_no_order_opens_and_one_that_closes_is_filled() -> None:
    positions = [step[0] for step in simulated([OUT, IN, OUT, OUT, OUT], [LONG, LONG, LONG, SHORT, SHORT])]
    assert positions == [0, 1, 1, 0, 0]


def test_outside_a_session_a_position_may_shrink_and_not_grow() -> None:
    sizes = [-1, -0.5, 0, 0.5, 1]
    positions = [step[0] for step in simulated([IN, OUT, OUT, OUT], [3, 4, 3, 1], positions=sizes)]
    assert positions == [0.5, 0.5, 0.5, 0]
    positions = [step[0] for step in simulated([IN, OUT, OUT], [0, 1, 0], positions=sizes)]
    assert positions == [-1, -0.5, -0.5]


def test_flat_by_close_closes_at_the_close_of_the_last_bar_with_costs_and_without_swap() -> None:
    swap = {"swap_long_rate": 0.1, "flat_by_close": True}
    ((position, price, closed, equity),) = simulated([LAST], [LONG], **swap)
    assert (position, price, closed) == (1, pytest.approx(1.1), False)
    assert equity == pytest.approx(1 - 0.01 + 0.1 - 0.01 * 1.1)
    _, again = simulated([LAST, IN], [LONG, LONG], **swap)
    assert again[:2] == (1, 0)
    _, outside = simulated([LAST, OUT], [LONG, LONG], **swap)
    assert outside[0] == 0


def test_without_flat_by_close_a_position_is_held_beyond_its_session() -> None:
    steps = simulated([LAST, OUT, OUT], [LONG] * 3)
    assert [step[:2] for step in steps] == [(1, 0)] * 3


@pytest.mark.parametrize(
    ("session", "message"),
    [
        ({**NEW_YORK, "timezone": "Mars/Base"}, "must be the name of a time zone"),
        ({**NEW_YORK, "start": "25:00"}, "start"),
        ({**NEW_YORK, "days": []}, "days"),
        ({**NEW_YORK, "days": ["monday"]}, "days"),
    ],
)
def test_a_session_that_cannot_be_is_refused(session: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        EnvConfig.model_validate({"sessions": session})


def test_flat_by_close_needs_sessions() -> None:
    with pytest.raises(ValidationError, match="flat_by_close needs sessions"):
        EnvConfig(flat_by_close=True)


def test_times_of_day_that_yaml_reads_as_numbers_are_times() -> None:
    session = SessionConfig.model_validate({"start": "09:30", "end": 16 * 60, "timezone": "UTC"})
    assert session.end == "16:00"
    (one,) = EnvConfig.model_validate({"sessions": session}).sessions or ()
    assert one == session
