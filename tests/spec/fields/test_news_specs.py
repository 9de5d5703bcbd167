"""The records of news, decisions and baskets."""

from typing import Any

import pytest
from pydantic import ValidationError

from fxai.spec.fields.basket_config import BasketConfig
from fxai.spec.fields.decision_config import DecisionConfig
from fxai.spec.fields.news_config import NewsConfig
from fxai.spec.fields.record import Record


@pytest.mark.parametrize(
    ("record", "values", "message"),
    [
        (DecisionConfig, {"template": "News of {instrument}"}, "must contain {headlines}"),
        (DecisionConfig, {"template": "{headline}"}, "unknown field {headline}; did you mean 'headlines'? The fields"),
        (DecisionConfig, {"template": "{headlines} {date.year}"}, "unknown field {date.year}"),
        (DecisionConfig, {"template": "{headlines!r}"}, "unknown field {headlines}"),
        (DecisionConfig, {"template": "{headlines} {"}, "the braces do not fit"),
        (DecisionConfig, {"lookahead": 0}, "greater than or equal to 1"),
        (NewsConfig, {"file": "a.csv", "date_format": "%d", "day_first": True}, "exclude each other"),
        (NewsConfig, {"file": "a.csv", "columns": {"headline": "x"}}, "'time', 'date', 'symbol', 'title' or 'summary'"),
        (NewsConfig, {"file": "$DATA/a.csv"}, "write ${DATA} for the environment variable"),
        (BasketConfig, {"size": 0}, "greater than or equal to 1"),
    ],
)
def test_wrong_values_are_refused(record: type[Record], values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        record.model_validate(values)
    assert message in str(caught.value)


def test_records_have_a_hash_and_baskets_have_rules_without_a_limit() -> None:
    assert len({NewsConfig(file="a.csv", columns={"title": 2}), NewsConfig(file="a.csv", columns={"title": 2})}) == 1
    assert NewsConfig.model_validate({"file": "a.csv", "instrument": 600519}).instrument == "600519"
    env = BasketConfig(spread=0.01).env()
    assert (env.spread, env.drawdown_limit, env.allow_short) == (0.01, 1.0, True)
