"""A function of the user that computes positions from bars."""

from pathlib import Path

import numpy as np
import pytest

from fxai.errors import DataError
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.scores.position_function import function_positions

MODULE = "market_positions_of_a_test"
CODE = """
import numpy as np

def rising(bars, back=3):
    print("called")
    return np.sign(bars["close"] - np.roll(bars["close"], back))

def listed(bars): return [0.5] * len(bars["close"])
def raising(bars): return bars["nothing"]
def changing(bars): bars["close"][0] = 1.0
def nothing(bars): pass
def short(bars): return bars["close"][1:] * 0
def texts(bars): return ["long"] * len(bars["close"])
def unknown(bars): return np.where(np.arange(len(bars["close"])) < 5, np.nan, 1.0)
def large(bars): return np.where(np.arange(len(bars["close"])) == 7, -1.5, 1.0)
"""
BARS = synthetic_market(seed=2, bars=600)


@pytest.fixture(autouse=True)
def module(tmp_path: Path) -> Path:
    """A folder with a module of functions."""
    (tmp_path / f"{MODULE}.py").write_text(CODE)
    return tmp_path


def test_the_positions_are_those_that_the_function_returns(module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    positions = function_positions(BARS, f"{MODULE}:rising", str(module), {"back": 5})
    assert positions.tolist() == np.sign(BARS.close - np.roll(BARS.close, 5)).tolist()
    assert function_positions(BARS, f"{MODULE}:listed", str(module), {}).tolist() == [0.5] * 600
    assert capsys.readouterr().out == "", "what the function prints is no output of a command"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("raising", f"failed on planted_1h:2: KeyError: 'nothing' ({MODULE}.py, line 9)"),
        ("changing", "assignment destination is read-only"),
        ("rising", "unexpected keyword argument 'span'"),
        ("nothing", "returned nothing; it must return a position for each bar"),
        ("short", "the result has the shape 599; it must have one value for each of 600 bars"),
        ("texts", "the values of the result are no numbers"),
        ("unknown", "the position is nan at bar 1 of planted_1h:2, "),
        ("large", "the position is -1.5 at bar 8 of planted_1h:2, "),
        ("risin", "has no function 'risin'; did you mean 'rising'?"),
    ],
)
def test_other_results_are_one_message_with_the_function(module: Path, function: str, message: str) -> None:
    arguments = {"span": 1} if function == "rising" else {}
    with pytest.raises(DataError) as caught:
        function_positions(BARS, f"{MODULE}:{function}", str(module), arguments)
    assert str(caught.value).startswith(f"objective.function {MODULE}:{function}")
    assert message in str(caught.value)


def test_a_missing_module_is_named_with_the_key_of_its_folder(module: Path) -> None:
    with pytest.raises(DataError, match=r"there is no module nowhere_at_all.*objective\.folder"):
        function_positions(BARS, "nowhere_at_all:f", str(module), {})
