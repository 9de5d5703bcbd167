from typing import Any

import pytest

from fxai.spec.checks.stored_parts import with_stored_parts
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.embargo import (
    Windows,
    columns_of_trials,
    config_with_embargo,
    longest_windows,
    order_book_of_trials,
    with_embargo,
)
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import StudySpec

WINDOW = {"kind": "int", "name": "env.observation_window", "low": 4, "high": 32}
HORIZONS = {
    "kind": "categorical",
    "name": "horizons",
    "path": "data.features.return_horizons",
    "choices": [[1, 2], [1, 300]],
}
PERIOD = {"kind": "int", "name": "data.features.arguments.period", "low": 5, "high": 50}
FRAME = {"kind": "categorical", "name": "data.features.timeframes.1d.return_horizons", "choices": [[1], [20]]}
GAMMA = {"kind": "float", "name": "training.gamma", "low": 0.9, "high": 0.99}


def study(*parameters: dict[str, Any], **fields: Any) -> StudySpec:
    return StudySpec.model_validate({"study_name": "s", "parameters": parameters or (GAMMA,), **fields})


def with_function(*parameters: dict[str, Any]) -> StudySpec:
    features = {"function": "a:b", "function_window": 500, "timeframes": {"1d": {"return_horizons": [1]}}}
    return study(*parameters, training_config={"data": {"resample": "1h", "features": features}})


def embargo(study: StudySpec) -> int | None:
    assert isinstance(study.training_config, TrainingConfig)
    return study.training_config.data.split.embargo_bars


@pytest.mark.parametrize(
    ("given", "windows"),
    [
        (study(), Windows(120, 8)),
        (study(WINDOW), Windows(120, 32)),
        (study({**WINDOW, "high": 6}), Windows(120, 6)),  # searched, so no trial has the window of training_config
        (study({**WINDOW, "high": 6, "when": {"training.gamma": [0.9]}}, GAMMA), Windows(120, 8)),
        (study(WINDOW, HORIZONS), Windows(300, 32)),
        (study(fixed={"env.observation_window": 12}), Windows(120, 12)),
        (study(training_config={"data": {"features": {"volatility_windows": [2]}}}), Windows(24, 8)),
        (
            study(
                training_config={
                    "data": {
                        "features": {
                            "return_horizons": [3],
                            "volatility_windows": [],
                            "momentum_windows": [],
                            "volume": False,
                        }
                    }
                }
            ),
            Windows(3, 8),
        ),
        (with_function(), Windows(500, 8)),
        (with_function(PERIOD), Windows(500, 8)),
        (
            with_function({"kind": "int", "name": "data.features.function_window", "low": 10, "high": 700}),
            Windows(700, 8),
        ),
        (with_function(FRAME), Windows(21 * 24 - 1, 8)),
        (with_function({**FRAME, "name": "data.features.timeframes.2d.return_horizons"}), Windows(21 * 48 - 1, 8)),
    ],
)
def test_the_default_embargo_fits_the_longest_windows_of_the_search_space(given: StudySpec, windows: Windows):
    assert longest_windows(given) == windows
    assert embargo(with_embargo(given)) == windows.features + windows.observation - 1


def test_an_embargo_that_is_given_stays():
    given = study(training_config={"data": {"split": {"embargo_bars": 5}}})
    assert with_embargo(given) is given
    assert with_stored_parts(given, fingerprint(study())) is given
    assert config_with_embargo(given.training_config) is given.training_config  # type: ignore[arg-type]


def test_a_study_of_custom_code_has_no_embargo():
    own = study({**GAMMA, "name": "x"}, objective="a.b:c")
    assert with_embargo(own) is own
    with pytest.raises(TypeError, match="custom code"):
        longest_windows(own)


def test_the_fingerprint_of_a_new_study_has_its_embargo():
    assert fingerprint(study(WINDOW)) == fingerprint(with_embargo(study(WINDOW)))
    assert fingerprint(study())["training_config"]["data"]["split"]["embargo_bars"] == 127  # type: ignore[index,call-overload]


@pytest.mark.parametrize("stored", [24, 0, 127])
def test_a_study_keeps_the_embargo_with_which_it_began(stored: int):
    begun = fingerprint(study(training_config={"data": {"split": {"embargo_bars": stored}}}))
    resumed = with_stored_parts(study(), begun)
    assert embargo(resumed) == stored
    assert fingerprint(resumed) == begun


def test_a_stored_study_without_an_embargo_gives_none():
    assert with_stored_parts(study(), {}) == study()
    assert with_stored_parts(study(), {"training_config": None}) == study()


def test_a_configuration_outside_a_study_has_the_embargo_of_its_windows():
    config = config_with_embargo(TrainingConfig.model_validate({"env": {"observation_window": 3}}))
    assert config.data.split.embargo_bars == 122


def test_the_columns_of_all_trials():
    columns = {"kind": "categorical", "name": "data.features.columns", "choices": [["rsi"], ["rsi", "news"]]}
    given = study(columns)
    assert columns_of_trials(given, given.training_config) == ("rsi", "news")  # type: ignore[arg-type]
    assert columns_of_trials(study(), TrainingConfig()) == ()
    every = study({**columns, "choices": ["all", ["rsi"]]})
    assert columns_of_trials(every, every.training_config) == "all"  # type: ignore[arg-type]


def test_the_features_of_order_books_of_any_trial() -> None:
    windows = {
        "kind": "categorical",
        "name": "data.features.order_book.order_flow_windows",
        "choices": [[1], [2, 300]],
    }
    depth = {"kind": "categorical", "name": "data.features.order_book.depths", "choices": [[1], [3, 7]]}
    book = {"depths": [9], "microprice": True}
    given = study(windows, depth, training_config={"data": {"features": {"order_book": book}}})
    assert isinstance(given.training_config, TrainingConfig)
    longest = order_book_of_trials(given, given.training_config)
    assert longest.model_dump(exclude_defaults=True) == {
        "depths": (7,),  # the depths of the spec are not used by any trial
        "microprice": True,
        "order_flow_windows": (300,),
    }
    assert longest_windows(given) == Windows(300, 8)
    assert embargo(with_embargo(given)) == 307


def test_a_study_without_features_of_order_books_has_none() -> None:
    given = study()
    assert isinstance(given.training_config, TrainingConfig)
    assert not order_book_of_trials(given, given.training_config).has_features
    assert "order_book" not in str(fingerprint(given))
