"""A function of the user that makes features: `data.features.function`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fxai.errors import DataError
from fxai.market.features.features import features
from fxai.market.features.user_function import arrays_of
from fxai.market.markets.dataset import prepare_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.spec.fields.data_config import DataConfig

MODULE = "market_features_of_a_test"
CODE = """
import numpy as np

def slope(bars, bars_back=2, scale=1.0):
    close = bars["close"]
    values = np.full(len(close), np.nan)
    values[bars_back:] = scale * (close[bars_back:] - close[:-bars_back])
    return {"slope": values, "level": close}

def frame(bars):
    import pandas as pd
    return pd.DataFrame({"level": bars["close"]})

def of_column(bars): return {"double": 2 * bars["rsi"]}
def raising(bars): return bars["nothing"]
def changing(bars): bars["close"][0] = 1.0
def nothing(bars): pass
def empty(bars): return {}
def short(bars): return {"level": bars["close"][1:]}
def number(bars): return {"level": 1.0}
def texts(bars): return {"level": ["x"] * len(bars["close"])}
def unnamed(bars): return {1: bars["close"]}
def built_in(bars): return {"return_1": bars["close"]}
def late(bars): return {"level": np.where(np.arange(len(bars["close"])) == 9, np.inf, bars["close"])}
not_callable = 3
"""
BARS = synthetic_market(seed=2, bars=600)


@pytest.fixture(autouse=True)
def module(tmp_path: Path) -> Path:
    """A folder with a module of functions."""
    (tmp_path / f"{MODULE}.py").write_text(CODE)
    return tmp_path


def config(folder: Path, function: str = "slope", window: int = 2, module: str = MODULE, **more: Any) -> DataConfig:
    given = {"function": f"{module}:{function}", "function_window": window, "function_folder": str(folder), **more}
    built_in = {"return_horizons": [1], "volatility_windows": [], "momentum_windows": [], "volume": False}
    return DataConfig.model_validate({"features": {**built_in, **given}})


def test_its_features_follow_the_built_in_ones(module: Path) -> None:
    table = features(BARS, config(module))
    assert table.names[-2:] == ("slope", "level")
    assert table.warm_up == 2
    np.testing.assert_array_equal(table.values[2:, -2], BARS.close[2:] - BARS.close[:-2])
    assert np.isnan(table.values[:2]).all(), "values within the window are not used"


def test_its_arguments_are_those_of_the_spec(module: Path) -> None:
    table = features(BARS, config(module, window=5, arguments={"bars_back": 5, "scale": 2.0}))
    np.testing.assert_array_equal(table.values[5:, -2], 2 * (BARS.close[5:] - BARS.close[:-5]))


def test_its_features_are_standardized_on_train(module: Path) -> None:
    market = prepare_bars(BARS, config(module))
    train = market.features[market.splits.train.start : market.splits.train.stop, -2:]
    np.testing.assert_allclose(train.std(axis=0), 1, rtol=0.05)
    assert market.standardizer.names[-2:] == ("slope", "level")


def test_a_data_frame_is_a_mapping_too(module: Path) -> None:
    assert features(BARS, config(module, "frame")).names[-1] == "level"


def test_it_receives_what_the_data_have() -> None:
    assert list(arrays_of(BARS)) == ["time", "open", "high", "low", "close"]
    more = replace(BARS, volume=BARS.close, spread=BARS.close, columns={"rsi": BARS.close})
    assert list(arrays_of(more)) == ["time", "open", "high", "low", "close", "volume", "spread", "rsi"]


def test_its_window_begins_where_the_columns_begin(module: Path) -> None:
    rsi = np.where(np.arange(len(BARS)) < 30, np.nan, BARS.close)
    table = features(replace(BARS, columns={"rsi": rsi}), config(module, "of_column", window=4))
    assert table.warm_up == 34
    assert table.names[-2:] == ("rsi", "double")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("raising", r"raising failed on planted_1h:2: KeyError: 'nothing' \(market_features_of_a_test.py, line 15\)"),
        ("changing", "ValueError: assignment destination is read-only"),
        ("nothing", "returned nothing; it must return a mapping from name to array"),
        ("empty", "returned no feature"),
        ("short", "'level' has the shape 599; it must have one value for each of 600 bars"),
        ("number", "'level' has the shape a single number"),
        ("texts", "the values of 'level' are no numbers"),
        ("unnamed", "a feature with the name 1; a name must be a text"),
        ("built_in", "two features of the name 'return_1'; rename"),
        (
            "late",
            "'level' is inf at bar 10 of planted_1h:2, .* must be finite from bar 3 on. Correct the function or raise",
        ),
        ("slop", "has no function 'slop'; did you mean 'slope'"),
        ("not_callable", "has no function 'not_callable'"),
    ],
)
def test_faults_of_a_function_are_one_message(module: Path, function: str, message: str) -> None:
    with pytest.raises(DataError, match=f"data.features.function {MODULE}:{function}.*{message}|{message}"):
        features(BARS, config(module, function))


def test_an_argument_that_it_does_not_have_is_named(module: Path) -> None:
    with pytest.raises(
        DataError, match=r"slope with perod=3 failed .*: TypeError: slope\(\) got an unexpected keyword .*'perod'"
    ):
        features(BARS, config(module, arguments={"perod": 3}))


def test_a_module_that_cannot_be_imported(module: Path) -> None:
    with pytest.raises(DataError, match=rf"there is no module {MODULE}_b; it was looked for in {module} and on"):
        features(BARS, config(module, module=f"{MODULE}_b"))
    (module / f"{MODULE}_c.py").write_text("import there_is_no_such_library\n")
    with pytest.raises(DataError, match=r"the import of .*_c failed: ModuleNotFoundError: .*\(.*_c.py, line 1\)"):
        features(BARS, config(module, module=f"{MODULE}_c"))
    (module / f"{MODULE}_d.py").write_text("def build(:\n")
    with pytest.raises(DataError, match=r"the import of .*_d failed: SyntaxError"):
        features(BARS, config(module, module=f"{MODULE}_d"))


def test_two_modules_of_one_name_are_not_confused(module: Path) -> None:
    features(BARS, config(module))
    other = module / "other"
    other.mkdir()
    (other / f"{MODULE}.py").write_text(CODE)
    with pytest.raises(DataError, match="cannot be imported, because another module of the name"):
        features(BARS, config(other))
