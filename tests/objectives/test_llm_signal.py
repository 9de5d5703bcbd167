"""Trials of signals in a worker's lanes."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from drive_workers import PATIENCE, events_until, request_for
from fxai.errors import InputError
from fxai.llm.adapter_files import load_adapter
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.objectives.llm_signal import open_lanes, signature
from fxai.objectives.signal_data import SignalData
from fxai.objectives.signal_lanes import SignalLanes
from fxai.pool import LocalPool
from fxai.protocol import (
    SEED_ERROR,
    Cause,
    Decision,
    LanePlan,
    Report,
    Slot,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
)
from fxai.spec.fields.llm_signal_config import LlmSignalConfig
from fxai.spec.search.metrics import METRICS
from signal_story import signal_settings, write_signal_story


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signals")
    write_signal_story(folder)
    return folder


@pytest.fixture(scope="module")
def lanes(story: Path) -> SignalLanes:
    opened = open_lanes(LanePlan("llm_signal", signal_settings(story)), Slot(0))
    assert isinstance(opened, SignalLanes)
    return opened


def request(story: Path, folder: Path, number: int = 1, seeds: int = 1, **sections: Any) -> TrialRequest:
    made = request_for("counting", number, folder)
    return replace(
        made,
        objective="llm_signal",
        metric="total_return",
        seeds=tuple(range(number, number + seeds)),
        base_config=signal_settings(story),
        config=signal_settings(story, **sections),
    )


def run(
    lanes: SignalLanes, requests: list[TrialRequest], decision: Decision = Decision.CONTINUE
) -> tuple[dict[int, list[Report]], dict[int, TrialResult]]:
    """Reports and results by trial; each report is answered with the decision."""
    for each in requests:
        lanes.admit(each)
    reports: dict[int, list[Report]] = {each.number: [] for each in requests}
    results: dict[int, TrialResult] = {}
    while lanes.busy:
        for message in lanes.advance():
            if isinstance(message, Report):
                reports[message.number].append(message)
                lanes.decide(message.number, decision)
            else:
                results[message.number] = message
    return reports, results


def test_a_trial_reports_metrics_with_errors_and_leaves_returns_and_adapters(
    lanes: SignalLanes, story: Path, tmp_path: Path
) -> None:
    reports, results = run(lanes, [request(story, tmp_path, seeds=2)])
    assert [each.step for each in reports[1]] == [2, 4]
    assert 2 * 4 < reports[1][-1].env_steps == results[1].usage.env_steps <= 2 * 4 * 8
    result = results[1]
    assert result.state is TrialState.COMPLETE
    assert result.value == result.metrics["total_return"] == reports[1][-1].value
    assert {*METRICS, SEED_ERROR} <= result.metrics.keys()
    paths = TrialPaths(tmp_path / "00001")
    bars = read_bar_returns(paths.returns)
    earned = np.prod(1 + bars.returns.astype(float), axis=1) - 1
    assert earned.mean() == pytest.approx(result.value, abs=1e-6)
    assert len(bars.windows) == 2
    layers = next(iter(lanes._models.values())).adapters(("q_proj", "v_proj")).layers
    adapters = [load_adapter(paths.checkpoint_dir / f"seed_{seed}", layers) for seed in (1, 2)]
    assert all(each.settings.lora_r == 4 for each in adapters)
    assert not torch.equal(adapters[0].weights, adapters[1].weights)


def test_the_score_does_not_depend_on_what_a_trial_trains_with(lanes: SignalLanes, story: Path) -> None:
    base = LlmSignalConfig.model_validate(signal_settings(story))
    others = {"decisions": {"lookahead": 3, "max_env_steps": 20}, "baskets": {"hold": 2}, "training": {"batch_size": 2}}
    model = next(iter(lanes._models.values()))
    scores = []
    for config in (base, LlmSignalConfig.model_validate(signal_settings(story, **others))):
        data = SignalData.of(lanes._prepared, config, base, model.model, model.tree(3))
        signals = np.random.default_rng(1).integers(-3, 4, len(data.scored)).astype(float)
        scores.append(data.score(signals).metrics)
    assert scores[0] == scores[1]


def test_a_trial_has_the_same_values_alone_and_beside_others(lanes: SignalLanes, story: Path, tmp_path: Path) -> None:
    alone, _ = run(lanes, [request(story, tmp_path / "alone", 1)])
    others = [
        request(story, tmp_path / "together", 2, lora={"r": 7}, training={"signal_strength": 5}),
        request(story, tmp_path / "together", 4, lora={"r": 7, "alpha": 3.0}, training={"learning_rate": 0.1}),
        request(story, tmp_path / "together", 3, training={"max_train_steps": 2}),
    ]
    together, _ = run(lanes, [*others[:2], request(story, tmp_path / "together", 1), others[2]])
    assert [each.value for each in together[1]] == pytest.approx([each.value for each in alone[1]], abs=1e-9)


def test_a_trial_goes_on_from_its_checkpoint(lanes: SignalLanes, story: Path, tmp_path: Path) -> None:
    whole, results = run(lanes, [request(story, tmp_path / "whole")])
    cut = request(story, tmp_path / "cut")
    first, returned = run(lanes, [cut], Decision.STOP)
    assert [each.step for each in first[1]] == [2]
    assert returned[1].state is TrialState.RETURNED
    again = open_lanes(LanePlan("llm_signal", signal_settings(story)), Slot(0))
    assert isinstance(again, SignalLanes)
    rest, ended = run(again, [cut])
    assert [(each.step, each.value, each.env_steps) for each in rest[1]] == [
        (each.step, pytest.approx(each.value, abs=1e-9), each.env_steps) for each in whole[1]
    ]
    assert ended[1].value == pytest.approx(results[1].value, abs=1e-9)
    other = replace(request(story, tmp_path / "cut", lora={"r": 5}), directory=cut.directory)
    assert [each.step for each in run(lanes, [other])[0][1]] == [2, 4], "a checkpoint of another configuration"


def test_a_pruned_trial_leaves_its_returns_and_no_adapter(lanes: SignalLanes, story: Path, tmp_path: Path) -> None:
    reports, results = run(lanes, [request(story, tmp_path)], Decision.PRUNE)
    assert results[1].state is TrialState.PRUNED
    assert results[1].metrics == reports[1][0].metrics
    paths = TrialPaths(tmp_path / "00001")
    assert read_bar_returns(paths.returns).step == 2
    assert not paths.checkpoint_dir.exists()


def test_a_trial_that_exhausts_the_memory_fails_alone(lanes: SignalLanes, story: Path, tmp_path: Path) -> None:
    def refuse(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        if len(given[0]) > 8 and torch.is_grad_enabled():
            raise torch.OutOfMemoryError("out of memory")

    network = next(iter(lanes._models.values())).model.network
    hook = network.get_submodule("model.layers.1.mlp").register_forward_pre_hook(refuse)
    try:
        _, results = run(lanes, [request(story, tmp_path, 1, training={"batch_size": 16}), request(story, tmp_path, 2)])
    finally:
        hook.remove()
    assert results[2].state is TrialState.COMPLETE
    assert results[1].error is not None
    assert results[1].error.cause is Cause.OUT_OF_MEMORY
    assert "use a smaller batch_size" in results[1].error.message


def test_faults_of_a_trial_are_its_own(lanes: SignalLanes, story: Path, tmp_path: Path) -> None:
    faults = {
        1: request(story, tmp_path, 1, lora={"target_modules": ["w_proj"]}),
        2: request(story, tmp_path, 2, decisions={"lookahead": 1000}),
    }
    _, results = run(lanes, [*faults.values(), request(story, tmp_path, 3)])
    assert "no linear layer w_proj" in str(results[1].error)
    assert "no decision can be trained on" in str(results[2].error)
    assert results[3].state is TrialState.COMPLETE


def test_a_worker_refuses_wrong_input_before_the_first_trial(story: Path, tmp_path: Path) -> None:
    long = signal_settings(story, decisions={"template": "word " * 600 + "{headlines}"})
    with pytest.raises(InputError, match=r"a prompt of .* tokens is longer than"):
        open_lanes(LanePlan("llm_signal", long), Slot(0))
    missing = signal_settings(story, news={"file": "nowhere.csv"})
    with LocalPool([Slot(0)], tmp_path, LanePlan("llm_signal", missing)) as workers:
        until = time.monotonic() + PATIENCE
        with pytest.raises(InputError, match=r"llm_signal cannot train: .*nowhere\.csv"):
            events_until(workers, lambda _: time.monotonic() > until)


def test_a_signature_is_of_the_model_and_its_layers_and_loads_no_torch(story: Path) -> None:
    of_base = signature(signal_settings(story))
    assert of_base == signature(signal_settings(story, lora={"r": 9}, training={"batch_size": 7}))
    assert of_base != signature(signal_settings(story, training={"signal_strength": 7}))
    assert of_base != signature(signal_settings(story, model={"use_4bit": True}))
    code = "import fxai.objectives.llm_signal, sys; sys.exit(bool({'torch', 'transformers'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
