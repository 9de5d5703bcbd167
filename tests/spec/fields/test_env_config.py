"""The positions, actions and sizes of the environment."""

import pytest
from pydantic import ValidationError

from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.training_config import TrainingConfig


def test_without_a_list_an_agent_is_short_flat_or_long() -> None:
    assert EnvConfig().target_positions == (-1, 0, 1)
    assert EnvConfig(allow_short=False).allowed_positions == (0, 1)
    assert "positions" not in EnvConfig().model_dump(mode="json")


def test_a_list_is_read_back_as_it_was_written() -> None:
    env = EnvConfig.model_validate({"positions": [-1.0, -0.25, -0.0, 1]})
    assert repr(env.positions) == "(-1, -0.25, 0, 1)"
    assert EnvConfig.model_validate_json(env.model_dump_json()) == env
    assert hash(env) == hash(EnvConfig.model_validate(env.model_dump(mode="json")))


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ([0], "at least 2 items"),
        ([0, 0.5, 0.5], "must increase"),
        ([1, 0], "must increase"),
        ([0.5, 1], "must contain 0"),
        ([0, 1.5], "less than or equal to 1"),
        ([0, float("nan")], "finite number|less than or equal"),
        ([0, "half"], "valid number"),
        (0.5, "valid tuple"),
    ],
)
def test_another_list_is_refused(positions: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        EnvConfig.model_validate({"positions": positions})


def test_units_have_a_position_for_each_number_of_units() -> None:
    assert EnvConfig(sizing="units").target_positions == (-1, 0, 1)
    two = EnvConfig(sizing="units", max_position=2)
    assert repr(two.target_positions) == "(-1, -0.5, 0, 0.5, 1)"
    assert two.action_count == 5
    assert EnvConfig(sizing="units", max_position=2, actions="increment").action_count == 3
    listed = EnvConfig(sizing="units", max_position=3, positions=(0, 1 / 3, 1))
    assert listed.target_positions == (0, 1 / 3, 1)


def test_the_settings_of_trading_are_not_written_at_their_defaults() -> None:
    names = {"actions", "step_gap", "sizing", "initial_cash", "max_position", "fill"}
    assert names.isdisjoint(EnvConfig().model_dump(mode="json"))
    env = EnvConfig.model_validate({"sizing": "units", "initial_cash": 5e4, "max_position": 3, "step_gap": 2})
    assert EnvConfig.model_validate_json(env.model_dump_json()) == env


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"actions": "buy"}, "'target' or 'increment'"),
        ({"sizing": "lots"}, "'equity_share' or 'units'"),
        ({"fill": "close"}, "'open'"),
        ({"step_gap": 0}, "greater than or equal to 1"),
        ({"initial_cash": 5}, "initial_cash needs sizing: units"),
        ({"max_position": 2}, "max_position needs sizing: units"),
        ({"sizing": "units", "initial_cash": 0}, "greater than 0"),
        ({"sizing": "units", "max_position": 0}, "greater than or equal to 1"),
        ({"sizing": "units", "max_position": 1.5}, "valid integer"),
        ({"fill": "walk_the_book"}, "walk_the_book needs sizing: units"),
        ({"sizing": "units", "leverage": 5}, "leverage needs sizing: equity_share"),
        ({"sizing": "units", "position_size": 2}, "position_size needs sizing: equity_share"),
        ({"sizing": "units", "max_position": 2, "positions": [0, 0.3]}, "is 0.6 units of max_position 2"),
    ],
)
def test_wrong_settings_of_trading_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        EnvConfig.model_validate(fields)


def test_orders_that_take_levels_need_levels() -> None:
    env = {"sizing": "units", "fill": "walk_the_book"}
    with pytest.raises(ValidationError, match=r"needs data.book_levels"):
        TrainingConfig.model_validate({"env": env})
    data = {"source": "btcusd_book_1m", "book_levels": 5}
    assert TrainingConfig.model_validate({"data": data, "env": env}).data.book_levels == 5
    with pytest.raises(ValidationError, match="book_levels needs data without resample"):
        TrainingConfig.model_validate({"data": {**data, "resample": "5min"}})
    assert "book_levels" not in TrainingConfig().model_dump(mode="json")["data"]
