"""The small model of the example: it is made once, and a gain changes how fast adapters learn, and nothing else."""

import runpy
from pathlib import Path

import pytest
import torch

from fxai.llm.language_model import load_language_model
from fxai.llm.model_settings import ModelSettings
from llm.conftest import PROGRAM

LINES = ["AAA beats forecasts", "BBB misses forecasts"] * 20


def test_a_gain_changes_no_output(tmp_path: Path) -> None:
    make_model = runpy.run_path(str(PROGRAM))["make_model"]
    outputs = []
    for gain in (1.0, 100.0):
        make_model(tmp_path / str(gain), LINES, gain=gain)
        network = load_language_model(ModelSettings(str(tmp_path / str(gain)))).network
        outputs.append(network(input_ids=torch.arange(5, 25)[None]).logits)
    torch.testing.assert_close(outputs[0], outputs[1], rtol=1e-4, atol=1e-4)
    assert bool((network.get_submodule("model.layers.0.input_layernorm").weight == 100).all())


def test_a_model_that_exists_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "small_llama"
    folder.mkdir()
    monkeypatch.setattr("sys.argv", ["make_model.py", "no_such_text.csv", str(folder)])
    runpy.run_path(str(PROGRAM))["main"]()
    assert "exists and is kept" in capsys.readouterr().out
    assert not any(folder.iterdir())
