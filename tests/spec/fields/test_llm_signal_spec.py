"""Specs of signals of a language model."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fxai.errors import SpecError
from fxai.spec.checks.advice import advice
from fxai.spec.fields.objective import name_of
from fxai.spec.reading.load import load_spec, spec_of
from fxai.spec.reading.override import override
from fxai.spec.reading.standalone_spec import standalone_spec
from fxai.spec.search.configure import default_params, trial_settings
from fxai.spec.search.embargo import with_embargo
from fxai.spec.search.fingerprint import difference, fingerprint
from fxai.spec.search.signal_config import signal_config, signal_fields
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

PARAMETERS: dict[str, Any] = {
    "lora.r": {"type": "int", "low": 8, "high": 64, "step": 8},
    "lora.alpha": {"type": "int", "low": 8, "high": 32, "step": 8},
    "lora.dropout": {"type": "float", "low": 0.05, "high": 0.3},
    "decisions.lookahead": {"type": "int", "low": 1, "high": 7},
    "model.quantization_type": {"type": "categorical", "choices": ["fp4", "nf4"]},
    "lora.target_modules": {"type": "categorical", "choices": [["q_proj"], ["q_proj", "v_proj"]]},
}
CONFIG: dict[str, Any] = {
    "data": {"source": "prices.csv", "instruments": "all"},
    "news": {"file": "news.csv"},
    "model": {"path": "model"},
}


def spec(config: dict[str, Any] | None = None, parameters: dict[str, Any] | None = None, **more: Any) -> Spec:
    written = {
        "study_name": "mine",
        "objective": "llm_signal",
        "parameters": PARAMETERS if parameters is None else parameters,
        "training_config": CONFIG if config is None else {**CONFIG, **config},
        **more,
    }
    return spec_of(parse_yaml(yaml.safe_dump({"name": "mine", "studies": [written]}), "folder/mine.yaml"))


def study(config: dict[str, Any] | None = None, **more: Any) -> StudySpec:
    return spec(config, **more).studies[0]


def test_a_trial_has_the_defaults_and_its_parameters() -> None:
    one = study(eval_frequency=5)
    assert name_of(one.objective) == "llm_signal"
    assert one.metric_name == "mean_reward"
    assert study(metric_name="cumulative_return").metric_name == "total_return"
    first = default_params(one)
    assert (first["lora.r"], first["lora.dropout"], first["model.quantization_type"]) == (32, 0.1, "nf4")
    config = signal_config(trial_settings(one, {**first, "lora.r": 16, "lora.target_modules": '["q_proj"]'}))
    assert (config.lora.r, config.lora.target_modules, config.training.eval_frequency) == (16, ("q_proj",), 5)
    assert (config.lora.alpha, config.training.max_train_steps) == (16.0, 50)


def test_the_gap_is_the_longest_lookahead_of_any_trial() -> None:
    def gap(one: StudySpec) -> int | None:
        return signal_config(trial_settings(with_embargo(one), {})).decisions.gap

    assert gap(study()) == 7
    assert gap(study({"decisions": {"lookahead": 9}})) == 9
    assert gap(study({"decisions": {"gap": 2}})) == 2
    assert gap(study(parameters={"lora.r": PARAMETERS["lora.r"]}, fixed={"decisions.lookahead": 4})) == 4


def test_a_written_spec_loads_as_the_same_study(tmp_path: Path) -> None:
    path = tmp_path / "whole.yaml"
    path.write_text(standalone_spec(study()))
    (again,) = load_spec(path).studies
    assert difference(fingerprint(study()), fingerprint(again)) == ()


def test_the_fingerprint_is_of_the_contents_and_not_of_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder/model").mkdir(parents=True)
    for name in ("prices.csv", "news.csv"):
        Path("folder", name).write_text(name)
    one = study()
    config = signal_config(trial_settings(one, {}))
    paths = (config.data.source, config.news.file, config.model.path)
    assert paths == ("folder/prices.csv", "folder/news.csv", "folder/model"), "in the folder of the spec"
    moved = tmp_path / "moved"
    Path("folder").rename(moved)
    places = {
        "data": {"source": str(moved / "prices.csv"), "instruments": "all"},
        "news": {"file": str(moved / "news.csv")},
        "model": {"path": str(moved / "model")},
    }
    Path("folder").symlink_to(moved)
    begun = fingerprint(one)
    assert difference(begun, fingerprint(study(places))) == ()
    (moved / "news.csv").write_text("other news")
    assert any("news.sha256" in line for line in difference(begun, fingerprint(study(places))))


def test_settings_of_the_command_line_set_fields() -> None:
    (changed,) = override(spec(), {"training.batch_size": "4", "training_config.lora.r": "8"}).studies
    config = signal_config(trial_settings(changed, {}))
    assert (config.training.batch_size, config.lora.r) == (4, 8)
    with pytest.raises(SpecError, match="did you mean"):
        override(spec(), {"training.batch_sise": "4"})


def test_a_searched_budget_is_warned_of() -> None:
    steps = {"training.max_train_steps": {"type": "int", "low": 20, "high": 100}}
    assert any("training.max_train_steps: a budget" in line for line in advice(study(parameters=steps)))
    assert not any("your code" in line for line in advice(study()))


def test_every_parameter_of_the_contest_is_a_field() -> None:
    training = ("learning_rate", "max_train_steps", "signal_strength", "reward_scaling")
    others = ("decisions.max_env_steps", "model.use_4bit", *(f"training.{name}" for name in training))
    assert {*PARAMETERS, *others} <= signal_fields().keys()


@pytest.mark.parametrize(
    ("config", "more", "message"),
    [
        ({"lora": {"rank": 8}}, {}, "training_config.lora.rank: unknown key"),
        ({"lora": {"alfa": 8}}, {}, "training_config.lora.alfa: unknown key; did you mean 'alpha'?"),
        ({"lora": {"dropout": 1}}, {}, "training_config.lora.dropout: must be less than 1, not 1"),
        ({"model": None}, {}, "training_config.model: is required"),
        ({"model": {"path": "a", "quantization_type": "int8"}}, {}, "training_config.model.quantization_type: must be"),
        ({"decisions": {"template": "{headline}"}}, {}, "training_config.decisions.template: unknown field {headline}"),
        (
            {"data": {"source": "a.csv", "split": {"walk_forward": {"folds": 3}}}},
            {},
            "split.walk_forward: decisions",
        ),
        ({}, {"parameters": {"lora.rank": PARAMETERS["lora.r"]}}, "training_config has no 'lora.rank'"),
        ({}, {"parameters": {"lora": PARAMETERS["lora.r"]}}, "'lora' is a section of training_config"),
        ({}, {"parameters": {"baskets.size": PARAMETERS["lora.r"]}}, "'baskets.size' must be the same for all trials"),
        ({}, {"parameters": {"lora.r": {"type": "int", "low": 0, "high": 8}}}, "low: lora.r must be greater than"),
        ({}, {"parameters": {"lora.r": {"type": "float", "low": 1, "high": 8}}}, "lora.r is a whole number"),
        ({}, {"fixed": {"lora.q": 1}}, "training_config has no 'lora.q'"),
        ({}, {"fixed": {"training.batch_size": 0}}, "fixed.training.batch_size: must be greater than"),
        ({}, {"metric_name": "loss"}, "no metric 'loss'"),
        ({}, {"search": {"type": "pbt"}}, "search: applies to fx_trading only"),
        (
            {"data": {"source": "a.csv", "split": {"validation": None}}},
            {"verdict": {"seeds": 4}},
            "verdict: needs a test split",
        ),
        ({}, {"constraints": ["lora.r < lora.beta"]}, "'lora.beta' is neither a parameter nor a field"),
    ],
)
def test_faults_are_one_message_at_the_key(config: dict[str, Any], more: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        study(config, **more)
    assert message in str(caught.value)
