"""`data.source` as a mapping, and the keys that go with it."""

from typing import Any

import pytest
from pydantic import ValidationError

from fxai.spec.fields.data_config import DataConfig
from fxai.spec.search.findings import findings_of


def message(**data: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        DataConfig.model_validate(data)
    (found,) = findings_of(caught.value, data)
    return f"{'.'.join(map(str, found.path))}: {found.message}"


def test_instruments_are_in_the_order_of_their_names() -> None:
    one = DataConfig.model_validate({"source": {"GBPUSD": "b.csv", "EURUSD": "a.csv"}})
    other = DataConfig.model_validate({"source": {"EURUSD": "a.csv", "GBPUSD": "b.csv"}})
    assert list(one.source) == ["EURUSD", "GBPUSD"]
    assert hash(one) == hash(other)
    assert one == other
    assert DataConfig.model_validate(one.model_dump(mode="json")) == one


def test_a_number_is_a_name() -> None:
    assert list(DataConfig.model_validate({"source": {600519: "a.csv"}}).source) == ["600519"]
    assert DataConfig.model_validate({"source": "a.csv", "instruments": [600519]}).instruments == ("600519",)


def test_what_is_written_without_the_keys_is_as_before() -> None:
    assert {"instruments"}.isdisjoint(DataConfig().model_dump())
    assert {"instrument"}.isdisjoint(DataConfig().model_dump()["features"])


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"source": ["a.csv"]}, "source: must be a valid string"),
        ({"source": {}}, "source: must have at least 1"),
        ({"source": {"A": 1}}, "source.A: must be a valid string, not 1"),
        ({"source": {"A": "$X/a.csv"}}, "source.A: $X is not expanded"),
        ({"source": {"A": "a.csv"}, "instruments": "all"}, ": source names each instrument, so instruments must be"),
        ({"source": {"A": "a.csv"}, "instrument": "A"}, ": source names each instrument, so instrument must be"),
        (
            {"source": "a.csv", "instrument": "A", "instruments": "all"},
            ": instrument and instruments exclude each other",
        ),
        ({"instruments": "all"}, ": eurusd_1h has one instrument"),
        ({"source": "a.csv", "instruments": []}, ": instruments must be all, or a list of different names"),
        ({"source": "a.csv", "instruments": ["A", "A"]}, ": instruments must be all, or a list of different names"),
        ({"features": {"instrument": True}}, ": features.instrument needs several instruments"),
        (
            {"source": {"A": "a.csv"}, "split": {"walk_forward": {}}},
            ": walk_forward and combinatorial folds are of one",
        ),
    ],
)
def test_what_does_not_fit_together(data: dict[str, Any], text: str) -> None:
    assert message(**data).startswith(text)
