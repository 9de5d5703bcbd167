"""Specs of functions that return positions."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fxai.errors import SpecError
from fxai.spec.fields.objective import PythonFunction, name_of, returns_positions
from fxai.spec.reading.load import load_spec, spec_of
from fxai.spec.reading.standalone_spec import standalone_spec
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.fingerprint import difference, fingerprint
from fxai.spec.search.positions_config import arguments_of, scored_market
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

FUNCTION = {"function": "rules:cross", "returns": "positions"}


def study(config: dict[str, Any] | None = None, **more: Any) -> StudySpec:
    written = {
        "study_name": "mine",
        "objective": FUNCTION,
        "parameters": {"fast": {"type": "int", "low": 2, "high": 9}},
        "training_config": {"data": {"source": "eurusd_1h"}, "env": {"spread": 0.0002}, "slow": 50, **(config or {})},
        **more,
    }
    return spec_of(parse_yaml(yaml.safe_dump({"name": "mine", "studies": [written]}), "folder/mine.yaml")).studies[0]


def fault(config: dict[str, Any] | None = None, **more: Any) -> str:
    with pytest.raises(SpecError) as caught:
        study(config, **more)
    return str(caught.value)


def test_the_sections_of_the_market_and_the_arguments() -> None:
    one = study()
    assert one.objective == PythonFunction(function="rules:cross", folder="folder", returns="positions")
    assert returns_positions(one.objective)
    assert name_of(one.objective) == "positions of rules:cross"
    assert one.metric_name == "mean_reward", "FxAI measures its metrics"
    settings = trial_settings(one, {"fast": 5})
    assert arguments_of(settings) == {"slow": 50, "fast": 5}
    market = scored_market(settings)
    assert (market.data.source, market.env.spread) == ("eurusd_1h", 0.0002)
    assert market.data.split.embargo_bars is not None, "as for an agent"


def test_other_functions_stay_as_they_are() -> None:
    other = study(objective="rules:cross", metric_name="loss")
    assert not returns_positions(other.objective)
    assert name_of(other.objective) == "rules:cross"
    assert "returns" not in other.model_dump(mode="json")["objective"]
    assert fingerprint(other)["objective"] == "rules:cross"
    assert "data" not in fingerprint(other)


def test_a_written_spec_loads_as_the_same_study(tmp_path: Path) -> None:
    path = tmp_path / "whole.yaml"
    path.write_text(standalone_spec(study()))
    (again,) = load_spec(path).studies
    assert returns_positions(again.objective)
    assert difference(fingerprint(study()), fingerprint(again)) == ()


def test_changed_bars_are_another_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prints = []
    for text in ("bars", "bars", "other bars"):
        Path("bars.csv").write_text(text)
        prints.append(fingerprint(study({"data": {"source": "bars.csv"}})))
    assert difference(prints[0], prints[1]) == ()
    assert "data.sha256" in difference(prints[0], prints[2])[0]


def test_bars_beside_the_spec_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("folder/bars.csv").write_text("bars")
    config = study({"data": {"source": "bars.csv"}}).training_config
    assert isinstance(config, CustomConfig)
    assert scored_market(config.root).data.source == "folder/bars.csv"


@pytest.mark.parametrize(
    ("config", "more", "message"),
    [
        ({"env": {"spred": 1}}, {}, "training_config.env.spred: unknown key; did you mean 'spread'?"),
        ({"data": {"split": {"train": 2}}}, {}, "training_config.data.split.train"),
        ({"data": {"source": {"A": "a.csv", "B": "b.csv"}}}, {}, "trades one instrument"),
        ({"data": {"split": {"walk_forward": {"folds": 3}}}}, {}, "split.walk_forward: a function that returns"),
        ({"env": {"costs": {"EURUSD": {"spread": 0.1}}}}, {}, "env.costs.EURUSD: the data have one instrument"),
        ({}, {"seeds_per_trial": 3}, "gets no seed; remove seeds_per_trial"),
        ({}, {"fixed": {"env.spread": 0.1}}, "'env.spread' must be the same for all trials"),
        (
            {},
            {"parameters": {"env.spread": {"type": "float", "low": 0, "high": 1}}},
            "'env.spread' must be the same for all trials, because it scores them; write it under training_config",
        ),
        ({}, {"metric_name": "loss"}, "no metric 'loss'"),
        ({}, {"confirm": {"top": 2}}, "confirm"),
        ({}, {"objective": {**FUNCTION, "returns": "prices"}}, "objective.returns: must be 'positions', not 'prices'"),
    ],
)
def test_faults_are_one_message_at_the_key(config: dict[str, Any], more: dict[str, Any], message: str) -> None:
    assert message in fault(config, **more)
