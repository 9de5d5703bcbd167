from pathlib import Path

import pytest

from fxai.errors import InputError
from fxai.spec.checks.advice import advice
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.find_spec import find_spec, shipped_specs
from fxai.spec.reading.find_study import find_spec_of_study
from fxai.spec.reading.load import load_spec
from fxai.spec.search.configure import default_params, trial_config, trial_settings
from fxai.spec.search.signal_config import signal_config

SHIPPED = {  # study, trials, least number of parameters
    "quick_search": ("fx_ai_quick", 50, 10),
    "comprehensive_search": ("fx_ai_comprehensive", 200, 25),
    "reward_focused": ("fx_ai_reward_focused", 100, 16),
    "parallel_search": ("fx_ai_parallel", 200, 10),
    "foundation": ("fx_ai_foundation", 100, 8),
    "reward": ("fx_ai_reward", 75, 12),
    "finetune": ("fx_ai_finetune", 75, 10),
    "crypto_ensemble": ("crypto_ensemble", 20, 19),
    "llm_signal": ("llm_signal", 15, 11),
    "llm_signal_smollm2": ("llm_signal_smollm2", 15, 11),
}
SIGNALS = {"llm_signal", "llm_signal_smollm2"}
METRICS = {"crypto_ensemble": "sharpe", **dict.fromkeys(SIGNALS, "total_return")}  # the others optimize mean_reward
ADVICE = {
    "crypto_ensemble": {"horizon_len_multiplier", "num_sims", "slippage"},
    **{name: {"max_train_steps", "max_env_steps"} for name in SIGNALS},
}
"""Parameters of the contest's searches that `check` advises against."""


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("form", ["{}", "{}.yaml", "config/optuna/{}.yaml", "config/optuna/{}"])
def test_shipped_specs_are_found_by_name_from_anywhere(
    name: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_spec(form.format(name)).resolve() in {path.resolve() for path in shipped_specs()}


def test_a_file_of_the_user_overrides_a_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick_search.yaml").write_text("name: mine\n")
    assert find_spec("quick_search.yaml").read_text() == "name: mine\n"


@pytest.mark.parametrize("name", ["quick_serch", "config/optuna/none.yaml", "/nowhere/x.yaml", "../pyproject.toml", ""])
def test_an_unknown_name_lists_the_known_ones(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        find_spec(name)
    shipped = "comprehensive_search, crypto_ensemble, finetune, foundation, llm_signal, llm_signal_smollm2, "
    assert name == "" or shipped in str(caught.value)


def test_studies_are_found_across_the_shipped_specs() -> None:
    for name, (study, _, _) in SHIPPED.items():
        assert find_spec_of_study(study).stem == name
    with pytest.raises(InputError, match="did you mean 'fx_ai_quick'"):
        find_spec_of_study("fx_ai_quik")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_specs_are_what_the_guide_promises(name: str) -> None:
    (study,) = load_spec(find_spec(name)).studies
    study_name, trials, parameters = SHIPPED[name]
    assert (study.study_name, study.n_trials) == (study_name, trials)
    assert len(study.parameters) >= parameters
    assert (study.metric_name, study.direction) == (METRICS.get(name, "mean_reward"), "maximize")
    assert {line.partition(":")[0] for line in advice(study)} == ADVICE.get(name, set())
    if name in SIGNALS:
        signal_config(trial_settings(study, default_params(study)))
        return
    assert isinstance(study.training_config, TrainingConfig)
    trial_config(study, default_params(study))


def test_the_guides_own_figures() -> None:
    assert load_spec(find_spec("parallel_search")).studies[0].n_jobs == 8
    assert len(load_spec(find_spec("quick_search")).studies[0].parameters) == 10
    (rewards,) = load_spec(find_spec("reward_focused")).studies
    assert len(rewards.parameters) == 16
    assert all(parameter.name.startswith("env.reward.") for parameter in rewards.parameters)


@pytest.fixture
def own_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped specs with `first.yaml`, whose study is `one`."""
    monkeypatch.setattr("fxai.spec.reading.find_study.shipped_specs", lambda: tuple(sorted(tmp_path.glob("*.yaml"))))
    (tmp_path / "first.yaml").write_text(spec_text("one"))
    return tmp_path


def spec_text(*studies: str) -> str:
    ranges = "{training.gamma: {type: float, low: 0.9, high: 0.99}}"
    return "name: x\nstudies:\n" + "".join(f"  - {{study_name: {each}, parameters: {ranges}}}\n" for each in studies)


def test_broken_spec_is_named_and_the_others_are_searched(own_config: Path) -> None:
    (own_config / "broken.yaml").write_text("name: [\n")
    assert find_spec_of_study("one") == own_config / "first.yaml"
    with pytest.raises(InputError, match=r"no shipped spec has a study 'two'.*one \(first\)\n.*broken\.yaml:2"):
        find_spec_of_study("two")


def test_study_of_two_specs_is_refused_with_both(own_config: Path) -> None:
    (own_config / "second.yaml").write_text(spec_text("one", "two"))
    with pytest.raises(InputError, match=r"first\.yaml and .*second\.yaml; choose one with --spec"):
        find_spec_of_study("one")
    assert find_spec_of_study("two") == own_config / "second.yaml"
