"""`fxai train` on what a study left: its best agent once more."""

from pathlib import Path

from cli.conftest import Finished, call_fxai

SmallRun = tuple[Path, Finished]


def test_the_best_config_trains_the_very_same_agent(small_run: SmallRun, tmp_path: Path) -> None:
    results = small_run[0] / "optuna_results" / "small"
    trained = call_fxai(tmp_path, "train", str(results / "small_best_config.yaml"), "--output", "again")
    assert trained.code == 0, trained
    assert "Agent: again/agent.safetensors" in trained.out
    assert (tmp_path / "again" / "agent.safetensors").read_bytes() == (results / "best_agent.safetensors").read_bytes()


def test_a_config_with_faults_is_refused_with_each_of_them(small_run: SmallRun, tmp_path: Path) -> None:
    whole = (small_run[0] / "optuna_results" / "small" / "small_best_config.yaml").read_text()
    (tmp_path / "broken.yaml").write_text(whole.replace("gamma: 0.99", "gamma: 1.99").replace("d_model:", "d_modell:"))
    refused = call_fxai(tmp_path, "train", "broken.yaml")
    assert refused.code == 2
    assert "training_config.training.gamma" in refused.err
    assert "did you mean 'd_model'?" in refused.err
    assert not (tmp_path / "trained").exists()


def test_a_config_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused = call_fxai(tmp_path, "train", "nothing.yaml")
    assert refused.code == 2
    assert "nothing.yaml" in refused.err
