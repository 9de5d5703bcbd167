"""`fxai check --leaks`."""

import json
from pathlib import Path

import numpy as np
import pytest

from cli.conftest import Fxai
from fxai.market.reading.synthetic_market import synthetic_market
from market.random_book import random_book

MODULE = """\
import numpy as np

KEPT = {}


def honest(bars, span=5):
    print("called")
    change = np.diff(np.log(bars["close"]), prepend=np.log(bars["close"][0]))
    sums = np.cumsum(np.concatenate([np.zeros(span), change]))
    return {"momentum": sums[span:] - sums[:-span]}


def leaking(bars):
    close = bars["close"]
    return {"good": close - bars["open"], "bad": np.append(close[1:], close[-1])}


def stateful(bars):
    KEPT.setdefault("mean", bars["close"].mean())
    return {"centred": bars["close"] - KEPT["mean"]}


def whole_file(bars):
    table = np.genfromtxt("bars.csv", delimiter=",", names=True, dtype=None, encoding=None)
    later = np.append(table["close"][1:], table["close"][-1])
    places = {np.datetime64(time, "ns"): place for place, time in enumerate(table["time"])}
    return {"from_file": later[[places[time] for time in bars["time"]]]}


def refuses_eight(bars, span=2):
    if span == 8:
        raise ValueError("8 is too many")
    return {"difference": bars["close"] - bars["open"]}
"""
SPEC = """\
name: mine
studies:
  - study_name: mine
    parameters:
      training.learning_rate: {type: float_log, low: 1e-5, high: 1e-3}
    n_trials: 10
    training_config:
      data:
        source: bars.csv
        features: %s
"""
RULES = """\
import numpy as np


def rule(bars, window=3, kind="honest"):
    close = np.log(bars["close"])
    before = np.concatenate([np.full(window, close[0]), close[:-window]])
    positions = np.sign(close - before)
    if kind == "next":
        return np.append(np.sign(np.diff(close)), 0.0)
    if window > 20:
        return positions * np.tanh(abs(close - close.mean()))
    if window == 7:
        raise ValueError("7 is refused")
    return positions
"""
POSITIONS = """\
name: rules
studies:
  - study_name: rules
    objective: {function: "leak_rules:rule", returns: positions}
    n_trials: 4
    parameters: %s
    training_config: {data: {source: bars.csv}, window: 3}
"""
OWN = """\
name: own
studies:
  - {study_name: own, objective: "a:b", parameters: {x: {type: int, low: 1, high: 3}}, n_trials: 2}
"""


@pytest.fixture
def place(folder: Path) -> Path:
    """A folder with bars whose columns are honest, or from later bars, and with functions."""
    bars = synthetic_market(2, 2500)
    times = np.datetime_as_string(bars.time, unit="s")
    close, count = bars.close, len(bars)
    noise = np.random.default_rng(0).normal(size=count)
    pattern = np.sign(np.diff(np.log(close), prepend=0.0))
    later = np.append(np.diff(np.log(close)), 0.0) + 1e-3 * noise
    header = "time,open,high,low,close,noise,pattern,later"
    columns = (bars.open, bars.high, bars.low, close, noise, pattern, later)
    rows = [",".join([time, *map(repr, map(float, values))]) for time, *values in zip(times, *columns, strict=True)]
    (folder / "bars.csv").write_text("\n".join([header, *rows]))
    (folder / "leak_features.py").write_text(MODULE)
    (folder / "leak_rules.py").write_text(RULES)
    return folder


def write(place: Path, features: str) -> None:
    (place / "mine.yaml").write_text(SPEC % features)


def test_honest_columns_and_functions_pass(fxai: Fxai, place: Path) -> None:
    write(place, "{columns: [noise, pattern], function: 'leak_features:honest', function_window: 5}")
    finished = fxai("check", "--leaks", "mine.yaml")
    assert finished.code == 0
    assert "    leaks: 3 columns tested, function called " in finished.out
    assert ", 0 findings\n" in finished.out
    assert "called\n" not in finished.out.replace("function called", "")
    assert "suspicious" not in finished.out


def test_a_suspicious_column_is_a_warning(fxai: Fxai, place: Path) -> None:
    write(place, "{columns: [noise, later]}")
    finished = fxai("check", "--leaks", "mine.yaml")
    assert finished.code == 0
    assert "    warning: suspicious column later: it explains " in finished.out
    (study,) = json.loads(fxai("check", "--leaks", "--json", "mine.yaml").out)[0]["studies"]
    (finding,) = study["leaks"]["findings"]
    assert (finding["column"], finding["kind"], finding["severity"]) == ("later", "suspicious", "warning")
    assert finding["share"] > 0.2
    assert study["leaks"]["tested"] == ["noise", "later"]
    assert "leaks" not in json.loads(fxai("check", "--json", "mine.yaml").out)[0]["studies"][0]


def test_a_column_scaled_with_all_rows_is_a_warning(fxai: Fxai, place: Path) -> None:
    text = (place / "bars.csv").read_text().splitlines()
    values = np.random.default_rng(5).gamma(2.0, size=len(text) - 1)
    scaled = (values - values.mean()) / values.std()
    rows = [f"{text[0]},scaled", *(f"{row},{value!r}" for row, value in zip(text[1:], scaled.tolist(), strict=True))]
    (place / "bars.csv").write_text("\n".join(rows))
    write(place, "{columns: [scaled]}")
    finished = fxai("check", "--leaks", "mine.yaml")
    assert finished.code == 0
    assert "warning: suspicious column scaled: its mean over all rows is 0 and its standard deviation 1" in finished.out


def test_a_function_that_uses_later_bars_is_an_error(fxai: Fxai, place: Path) -> None:
    write(place, "{function: 'leak_features:leaking', function_window: 0}")
    finished = fxai("check", "--leaks", "mine.yaml")
    assert finished.code == 2
    assert "    error: column bad: its value at " in finished.out
    assert "changes when only the next bar changes" in finished.out
    assert "column good" not in finished.out
    (study,) = json.loads(fxai("check", "--leaks", "--json", "mine.yaml").out)[0]["studies"]
    (finding,) = study["leaks"]["findings"]
    assert (finding["column"], finding["kind"], finding["severity"], finding["bars"]) == (
        "bad",
        "later bars",
        "error",
        1,
    )
    assert fxai("check", "mine.yaml").code == 0


def test_a_window_that_is_too_short_for_the_greatest_argument_is_a_warning(fxai: Fxai, place: Path) -> None:
    write(place, "{function: 'leak_features:honest', function_window: 5, arguments: {span: 5}}")
    assert fxai("check", "--leaks", "mine.yaml").code == 0
    searched = "    parameters:\n      data.features.arguments.span: {type: int, low: 2, high: 9}\n"
    spec = (place / "mine.yaml").read_text().replace("    parameters:\n", searched)
    (place / "mine.yaml").write_text(spec)
    finished = fxai("check", "--leaks", "mine.yaml")
    assert finished.code == 0
    assert "warning: column momentum: its value at " in finished.out
    assert "It depends on 9 bars or more" in finished.out


def test_state_between_calls_is_an_error(fxai: Fxai, place: Path) -> None:
    write(place, "{function: 'leak_features:stateful', function_window: 0}")
    finished = fxai("check", "--leaks", "mine.yaml")
    assert finished.code == 2
    assert "keeps state between calls" in finished.out


def test_a_function_that_reads_the_whole_file_is_suspicious(fxai: Fxai, place: Path) -> None:
    write(place, "{function: 'leak_features:whole_file', function_window: 0}")
    finished = fxai("check", "--leaks", "mine.yaml")
    assert finished.code == 0
    assert "warning: suspicious column from_file" in finished.out


def test_a_function_that_fails_with_the_greatest_argument_is_an_error(fxai: Fxai, place: Path) -> None:
    write(place, "{function: 'leak_features:refuses_eight', function_window: 0, arguments: {span: 2}}")
    searched = "    parameters:\n      data.features.arguments.span: {type: int, low: 2, high: 8}\n"
    spec = (place / "mine.yaml").read_text().replace("    parameters:\n", searched)
    (place / "mine.yaml").write_text(spec)
    finished = fxai("check", "--leaks", "mine.yaml")
    assert finished.code == 2
    assert (
        "data.features.function leak_features:refuses_eight with span=8 failed on bars.csv: ValueError" in finished.err
    )
    (checked,) = json.loads(fxai("check", "--leaks", "--json", "mine.yaml").out)
    assert "ValueError" in checked["problems"][0]["message"]


def test_studies_without_columns_have_nothing_to_test(fxai: Fxai, folder: Path) -> None:
    assert (
        "leaks: nothing to test, because data.features has no columns" in fxai("check", "--leaks", "quick_search").out
    )
    (folder / "own.yaml").write_text(OWN)
    finished = fxai("check", "--leaks", "own.yaml")
    assert finished.code == 0
    assert "nothing to test, because the objective is your own code" in finished.out


def test_a_book_that_has_the_sizes_of_a_later_snapshot_is_suspicious(fxai: Fxai, place: Path) -> None:
    book = random_book(1500)
    moves = np.sign(np.append(np.diff(book["midpoint"]), 0.0))
    for name, sizes in (("honest", book["bids_notional_0"]), ("later", 5000.0 + 4000.0 * moves)):
        book.assign(bids_notional_0=sizes, asks_notional_0=5000.0).to_csv(place / f"{name}.csv", index=False)
        write(place, "{order_book: {depths: [1], market_flow_windows: [3]}}")
        (place / "mine.yaml").write_text((place / "mine.yaml").read_text().replace("bars.csv", f"{name}.csv"))
        finished = fxai("check", "--leaks", "mine.yaml")
        assert finished.code == 0
        assert "2 columns tested" in finished.out
        assert ("warning: suspicious column book_imbalance_1" in finished.out) == (name == "later")


def test_each_instrument_is_tested(fxai: Fxai, place: Path) -> None:
    text = (place / "bars.csv").read_text()
    (place / "good.csv").write_text(text.replace(",later", ",other").replace(",noise", ",later"))
    write(place, "{columns: [later]}")
    source = "source: {AAA: good.csv, BBB: bars.csv}"
    (place / "mine.yaml").write_text((place / "mine.yaml").read_text().replace("source: bars.csv", source))
    finished = fxai("check", "--leaks", "mine.yaml")
    assert finished.code == 0
    assert "warning: suspicious column later of BBB: it explains " in finished.out
    assert "column later of AAA" not in finished.out


def test_a_constant_column_is_named_as_not_tested(fxai: Fxai, place: Path) -> None:
    rows = (place / "bars.csv").read_text().splitlines()
    (place / "bars.csv").write_text("\n".join([f"{rows[0]},same", *(f"{row},1.5" for row in rows[1:])]))
    write(place, "{columns: [noise, same]}")
    finished = fxai("check", "--leaks", "mine.yaml")
    assert finished.code == 0
    assert "    note: column same is not tested fully: it is constant\n" in finished.out


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ("{window: {type: int, low: 2, high: 20}}", ""),
        ("{window: {type: int, low: 2, high: 30}}", "error: column positions: its value at "),
        ("{kind: {type: choice, values: [honest, next]}}", "error: column positions: its value at "),
        (
            "{window: {type: int, low: 2, high: 7}}",
            "error: objective.function leak_rules:rule with window=7 failed on bars.csv",
        ),
    ],
)
def test_positions_are_tested_with_the_arguments_of_several_trials(
    fxai: Fxai, place: Path, parameters: str, found: str
) -> None:
    (place / "rules.yaml").write_text(POSITIONS % parameters)
    assert fxai("check", "rules.yaml").code == 0
    finished = fxai("check", "--leaks", "rules.yaml")
    assert finished.code == (2 if found else 0), finished
    assert found in finished.out
    if not found:
        assert "leaks: 1 column tested, function called " in finished.out
        assert ", 0 findings" in finished.out
        assert "not tested fully" not in finished.out


def test_positions_of_missing_bars_are_no_error(fxai: Fxai, place: Path) -> None:
    (place / "rules.yaml").write_text(
        POSITIONS.replace("bars.csv", "none.csv") % "{window: {type: int, low: 2, high: 4}}"
    )
    finished = fxai("check", "--leaks", "rules.yaml")
    assert finished.code == 0
    assert "none.csv" in finished.out
