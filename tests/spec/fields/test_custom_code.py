"""Studies whose trials run code of the user's own."""

from pathlib import Path
from typing import Any

import pytest

from fxai.errors import InputError, SpecError
from fxai.spec.checks.advice import advice
from fxai.spec.fields.objective import CustomCommand, PythonFunction, folder_of, name_of
from fxai.spec.reading.load import load_spec, spec_of
from fxai.spec.reading.override import override
from fxai.spec.reading.schema import json_schema
from fxai.spec.search.configure import default_params, trial_config, trial_settings
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.fingerprint import difference, fingerprint
from fxai.spec.search.study import CUSTOM_PROGRESS_SECONDS, Spec, StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

PARAMETERS = """
    parameters:
      learning_rate: {type: float_log, low: 1e-4, high: 1e-2}
      model.depth: {type: int, low: 1, high: 8}
      layers: {type: choice, values: [[16], [32, 16]]}
"""
CONFIG = "    training_config: {learning_rate: 0.001, model: {width: 8}, data: {source: [1, 2]}, eval_frequency: 3}\n"


def text_of(objective: str, rest: str = PARAMETERS + CONFIG) -> str:
    return f"name: mine\nstudies:\n  - study_name: mine\n    objective: {objective}{rest}"


def spec(objective: str = "code:train", rest: str = PARAMETERS + CONFIG) -> Spec:
    return spec_of(parse_yaml(text_of(objective, rest), "folder/mine.yaml"))


def study(objective: str = "code:train", rest: str = PARAMETERS + CONFIG) -> StudySpec:
    return spec(objective, rest).studies[0]


def faults(objective: str, rest: str = PARAMETERS + CONFIG) -> str:
    with pytest.raises(SpecError) as caught:
        spec(objective, rest)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "objective"),
    [
        ("code:train", PythonFunction(function="code:train", folder="folder")),
        ("{function: package.code:train}", PythonFunction(function="package.code:train", folder="folder")),
        ("{function: code:train, folder: inner}", PythonFunction(function="code:train", folder="folder/inner")),
        ("{command: [sh, train.sh]}", CustomCommand(command=("sh", "train.sh"), folder="folder")),
        (
            "{command: \"sh 'my train.sh' {seed}\"}",
            CustomCommand(command=("sh", "my train.sh", "{seed}"), folder="folder"),
        ),
        ("{command: [a], folder: /srv}", CustomCommand(command=("a",), folder="/srv")),
    ],
)
def test_an_objective_is_searched_in_the_folder_of_its_spec(
    written: str, objective: PythonFunction | CustomCommand
) -> None:
    assert study(written).objective == objective


def test_its_configuration_and_metric_are_its_own() -> None:
    mine = study()
    assert isinstance(mine.training_config, CustomConfig)
    assert mine.training_config.root["data"] == {"source": [1, 2]}
    assert mine.training_config.root["eval_frequency"] == 3
    assert (mine.metric_name, mine.progress_timeout) == ("value", CUSTOM_PROGRESS_SECONDS)
    assert study(rest=PARAMETERS + "    metric_name: accuracy\n    progress_timeout: null\n").metric_name == "accuracy"
    assert study(rest=PARAMETERS).training_config == CustomConfig({})
    assert advice(mine) == ()


def test_trial_0_has_configured_values_and_middles_of_ranges() -> None:
    assert default_params(study()) == {"learning_rate": 0.001, "model.depth": 5, "layers": "[16]"}
    assert default_params(study(rest=PARAMETERS)) == pytest.approx(
        {"learning_rate": 0.001, "model.depth": 5, "layers": "[16]"}
    )


def test_parameters_land_in_the_configuration() -> None:
    mine = study(rest=PARAMETERS + CONFIG + "    fixed: {model.kind: wide}\n")
    params: dict[str, Any] = {"learning_rate": 0.01, "model.depth": 3, "layers": "[32, 16]"}
    assert trial_settings(mine, params) == {
        "learning_rate": 0.01,
        "model": {"width": 8, "depth": 3, "kind": "wide"},
        "layers": [32, 16],
        "data": {"source": [1, 2]},
        "eval_frequency": 3,
    }
    assert mine.training_config.root["model"] == {"width": 8}
    with pytest.raises(TypeError):
        trial_config(mine, params)


def test_conditions_and_constraints_know_its_configuration() -> None:
    rest = """
    parameters:
      depth: {type: int, low: 1, high: 8}
      dropout: {type: float, low: 0, high: 0.5, when: {kind: deep}}
    constraints: [depth <= most]
    training_config: {kind: deep, most: 4}
"""
    assert study(rest=rest).constraints == ("depth <= most",)
    assert "'kindd' is neither a parameter nor a field" in faults(
        "code:train", rest.replace("when: {kind", "when: {kindd")
    )
    assert "'mosst' is neither" in faults("code:train", rest.replace("depth <= most", "depth <= mosst"))


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (
            "fx_tradng",
            "'fx_tradng' is not an objective; write fx_trading, llm_signal, or package.module:function for your",
        ),
        ("{function: train}", "'train' is not the name of a function; write package.module:function"),
        ("{commnd: [sh]}", "is not an objective; write function: package.module:function, or command"),
        ("{command: []}", "must have at least 1"),
        ('{command: "sh \'x"}', "cannot be split into words: no closing quotation"),
        ("{command: [sh], foldr: x}", "unknown key"),
        ("{command: [sh], folder: 5}", "must be a valid string, not 5"),
        ("{command: [sh, '{learnin_rate}']}", "unknown placeholder {learnin_rate}; did you mean 'learning_rate'?"),
        ("{command: [sh, '{x}']}", "unknown placeholder {x}"),
    ],
)
def test_faults_of_an_objective(objective: str, message: str) -> None:
    said = faults(objective)
    assert message in said
    assert "mine.yaml:4" in said


def test_braces_of_shells_and_json_are_not_replaced() -> None:
    words = "[sh, -c, 'echo ${HOME} {learning_rate} {{x}} {print $1} {\"a\": 1}', '{python}', '{params}']"
    assert isinstance(study("{command: " + words + "}").objective, CustomCommand)


def test_a_placeholder_stands_for_what_every_trial_has() -> None:
    rest = PARAMETERS.replace("high: 8}", "high: 8, when: {learning_rate: [0.001]}}")
    assert "not every trial has model.depth" in faults("{command: [sh, '{model.depth}']}", rest)


def test_names_that_the_environment_cannot_tell_apart() -> None:
    rest = PARAMETERS + "      model_depth: {type: int, low: 1, high: 2}\n"
    assert "have the same environment variable FXAI_PARAM_MODEL_DEPTH" in faults("{command: [sh]}", rest)
    assert study("code:train", rest)


def test_a_parameter_below_a_value_is_refused() -> None:
    assert "model is not a section of training_config" in faults(
        "code:train", PARAMETERS + "    training_config: {model: 5}\n"
    )


def test_the_metrics_of_fx_trading_are_checked() -> None:
    rest = "\n    metric_name: sharp\n    parameters: {training.gamma: {type: float, low: 0.9, high: 0.99}}\n"
    said = faults("fx_trading", rest)
    assert "fx_trading has no metric 'sharp'; did you mean 'sharpe'?" in said


def test_settings_reach_what_is_there(tmp_path: Path) -> None:
    (changed,) = override(
        spec(), {"learning_rate": "0.1", "model.width": "16", "training_config.new": "[1]", "n_trials": "7"}
    ).studies
    assert changed.n_trials == 7
    assert changed.training_config == CustomConfig(
        {
            "learning_rate": 0.1,
            "model": {"width": 16},
            "data": {"source": [1, 2]},
            "eval_frequency": 3,
            "new": [1],
        }
    )
    for typo in ("n_trails", "learnin_rate"):
        with pytest.raises(SpecError, match=f"no such setting.*training_config.{typo}"):
            override(spec(), {typo: "5"})


def test_the_fingerprint_holds_the_code_and_not_its_place() -> None:
    mine = study("{command: [sh, a.sh]}")
    moved = mine.model_copy(update={"objective": CustomCommand(command=("sh", "a.sh"), folder="/elsewhere")})
    assert difference(fingerprint(mine), fingerprint(moved)) == ()
    other = mine.model_copy(update={"objective": CustomCommand(command=("sh", "b.sh"), folder="folder")})
    assert difference(fingerprint(mine), fingerprint(other)) == ('objective: ["sh", "a.sh"] -> ["sh", "b.sh"]',)
    wider = study(rest=PARAMETERS + CONFIG.replace("width: 8", "width: 16"))
    assert difference(fingerprint(study()), fingerprint(wider)) == ("training_config.model.width: 8 -> 16",)


def test_a_spec_that_extends_keeps_the_folder_of_its_base(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "base.yaml").write_text(text_of("{command: [sh, a.sh]}"))
    (tmp_path / "mine.yaml").write_text("name: mine\nextends: base/base.yaml\nstudies: [{study_name: mine, seed: 3}]\n")
    (mine,) = load_spec(tmp_path / "mine.yaml").studies
    assert mine.objective == CustomCommand(command=("sh", "a.sh"), folder=str(tmp_path / "base"))
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nextends: base/base.yaml\nstudies: [{study_name: mine, objective: code:train}]\n"
    )
    (mine,) = load_spec(tmp_path / "mine.yaml").studies
    assert mine.objective == PythonFunction(function="code:train", folder=str(tmp_path))


def test_names_and_folders_for_the_workers() -> None:
    shipped = StudySpec.model_validate(
        {"study_name": "s", "parameters": [{"kind": "float", "name": "training.gamma", "low": 0.9, "high": 0.99}]}
    )
    assert (name_of(shipped.objective), folder_of(shipped.objective)) == ("fx_trading", "")
    assert (name_of(study().objective), folder_of(study().objective)) == ("code:train", "folder")
    assert name_of(study("{command: [sh]}").objective) == "command"


def test_editors_know_all_kinds() -> None:
    written = json_schema()["$defs"]["StudySpec"]
    assert written["if"]["properties"]["objective"] == {"not": {"const": "fx_trading"}}
    of_signals = written["then"]
    assert of_signals["if"]["properties"]["objective"] == {"const": "llm_signal"}
    assert of_signals["then"]["properties"]["training_config"]["$ref"] == "#/$defs/LlmSignalConfig"
    assert of_signals["else"]["properties"]["training_config"]["type"] == ["object", "null"]
    assert "sharpe" in written["else"]["properties"]["metric_name"]["enum"]


def test_a_value_below_a_value_cannot_be_set() -> None:
    mine = study().model_copy(update={"fixed": {"learning_rate.x": 1}})
    with pytest.raises(InputError, match="learning_rate is not a section"):
        trial_settings(mine, {"model.depth": 2})
