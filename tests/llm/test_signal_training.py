"""Training of adapters in lanes: what is learnt, independence, states, memory."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fxai.errors import InputError
from fxai.llm.answer_tree import AnswerTree, answer_tree
from fxai.llm.answers import answer_prior, most_probable
from fxai.llm.lane_adapters import LaneAdapters
from fxai.llm.language_model import LanguageModel
from fxai.llm.lora_settings import LoraSettings
from fxai.llm.prompt_batches import PromptBatches
from fxai.llm.prompt_tokens import TokenDecisions, prompt_tokens, shared_tokens, token_decisions
from fxai.llm.training import LaneOutOfMemoryError, SignalTraining, train
from fxai.llm.training_settings import SignalLane, TrainingSettings
from fxai.rl.agents.tensor_file import read_tensors, write_tensors
from llm.conftest import PROMPTS, TASK

GOOD = ("profit", "record sales", "upgrade", "new plant")
RETURNS = np.array([0.01 if prompt.removeprefix(TASK).startswith(GOOD) else -0.01 for prompt in PROMPTS])
SETTINGS = TrainingSettings(LoraSettings(4, 16.0, 0.1), 4, learning_rate=0.02, max_train_steps=6, batch_size=4)


@pytest.fixture
def adapters(model: LanguageModel):
    made = LaneAdapters(model.network, ("q_proj", "v_proj"))
    yield made
    made.remove()


@pytest.fixture(scope="module")
def tree(model: LanguageModel) -> AnswerTree:
    return answer_tree(model, 5)


@pytest.fixture(scope="module")
def decisions(model: LanguageModel, tree: AnswerTree) -> TokenDecisions:
    return token_decisions(model, PROMPTS, RETURNS, tree)


@pytest.fixture(scope="module")
def prior(model: LanguageModel, tree: AnswerTree, decisions: TokenDecisions) -> Tensor:
    return answer_prior(model, decisions.tokens, tree)


def run(training: SignalTraining) -> SignalTraining:
    while not training.finished:
        training.step()
    return training


@pytest.fixture
def lanes(decisions: TokenDecisions, prior: Tensor) -> list[SignalLane]:
    """Lanes that differ in all that may differ."""
    other = replace(SETTINGS, lora=LoraSettings(2, 8.0, 0.3), signal_strength=5, gradient="sampled", reward_scaling=2.0)
    third = replace(SETTINGS, max_train_steps=4, batch_size=3, learning_rate=0.01)
    half = TokenDecisions(decisions.tokens[::2], decisions.returns[::2], decisions.shared)
    return [
        SignalLane(SETTINGS, 1, decisions, prior),
        SignalLane(other, 2, decisions, prior),
        SignalLane(third, 3, half, torch.zeros_like(prior)),
    ]


def test_words_that_decide_the_return_are_learnt(
    model: LanguageModel, adapters: LaneAdapters, tree: AnswerTree, decisions: TokenDecisions, prior: Tensor
) -> None:
    settings = replace(SETTINGS, max_train_steps=60, learning_rate=0.005, batch_size=8)
    training = SignalTraining(model, adapters, tree, [SignalLane(settings, seed, decisions, prior) for seed in (1, 2)])
    reports = list(train(training, 20))
    assert [each[0].steps for each in reports] == [20, 40, 60]
    assert [each[0].finished for each in reports] == [False, False, True]
    assert reports[-1][0].expected_reward > 0.5 * 0.01
    signals = most_probable(training.log_probabilities(decisions.tokens), tree)
    right = signals.sign() == decisions.returns.sign()
    assert right.float().mean(1).min() > 0.8


def test_a_lane_trains_the_same_alone_and_beside_others(
    model: LanguageModel, adapters: LaneAdapters, tree: AnswerTree, lanes: list[SignalLane]
) -> None:
    together = run(SignalTraining(model, adapters, tree, lanes))
    for index, lane in enumerate(lanes):
        alone = run(SignalTraining(model, adapters, tree, [lane]))
        ours, theirs = together.state(index)["weights"], alone.state(0)["weights"]
        assert torch.allclose(ours, theirs, atol=2e-4)
        assert int(together.state(index)["steps"]) == lane.settings.max_train_steps


def test_a_stored_state_continues_to_the_same_adapter(
    model: LanguageModel, adapters: LaneAdapters, tree: AnswerTree, lanes: list[SignalLane], tmp_path: Path
) -> None:
    whole = run(SignalTraining(model, adapters, tree, lanes))
    begun = SignalTraining(model, adapters, tree, lanes)
    for _ in range(3):
        begun.step()
    for index in range(len(lanes)):
        state = {name: tensor.numpy() for name, tensor in begun.state(index).items()}
        write_tensors(tmp_path / f"{index}.safetensors", {}, state)
    states = [read_tensors(tmp_path / f"{index}.safetensors")[1] for index in range(len(lanes))]
    continued = [
        replace(lane, state={name: torch.from_numpy(array) for name, array in state.items()})
        for lane, state in zip(lanes, states, strict=True)
    ]
    resumed = run(SignalTraining(model, adapters, tree, continued))
    for index in range(len(lanes)):
        assert torch.equal(resumed.state(index)["weights"], whole.state(index)["weights"])


def test_memory_that_holds_one_lane_trains_all_and_a_lane_too_large_is_named(
    model: LanguageModel, adapters: LaneAdapters, tree: AnswerTree, decisions: TokenDecisions, prior: Tensor
) -> None:
    most = SETTINGS.batch_size

    def refuse(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        if len(given[0]) > most:
            raise torch.OutOfMemoryError("out of memory")

    hook = model.network.get_submodule("model.layers.1.mlp").register_forward_pre_hook(refuse)
    lanes = [SignalLane(replace(SETTINGS, max_train_steps=2), seed, decisions, prior) for seed in (1, 2, 3)]
    try:
        assert run(SignalTraining(model, adapters, tree, lanes)).finished
        most = 1
        training = SignalTraining(model, adapters, tree, lanes)
        with pytest.raises(LaneOutOfMemoryError, match="use a smaller batch_size") as error:
            training.step()
    finally:
        hook.remove()
    assert error.value.lane == 0
    assert [each.steps for each in training.progress()] == [0, 0, 0]


def test_prompts_that_begin_alike_share_these_tokens(model: LanguageModel, decisions: TokenDecisions) -> None:
    begin = decisions.tokens[0][: decisions.shared]
    assert decisions.shared >= len(model.tokenizer.encode(TASK.strip(), add_special_tokens=True)) >= 16
    assert all(torch.equal(each[: decisions.shared], begin) for each in decisions.tokens)
    assert shared_tokens([begin, begin]) == len(begin) - 1  # a token of each prompt remains
    assert shared_tokens([begin[:15], begin]) == 0


def test_a_step_passes_each_prompt_once_and_samples_no_token(
    model: LanguageModel, adapters: LaneAdapters, tree: AnswerTree, decisions: TokenDecisions, prior: Tensor
) -> None:
    """The contest's starter kit samples an answer token by token without a KV cache, and parses its text."""
    training = SignalTraining(model, adapters, tree, [SignalLane(SETTINGS, 1, decisions, prior)])
    passed: list[int] = []
    hook = model.network.register_forward_pre_hook(
        lambda _, __, given: passed.append(given["input_ids"].numel()), with_kwargs=True
    )
    try:
        training.step()
        size, length = training._batches[0].shape(0)
    finally:
        hook.remove()
    assert size == SETTINGS.batch_size
    assert sum(passed) <= decisions.shared + size * (length - decisions.shared + len(tree.nodes))
    signals = most_probable(training.log_probabilities(decisions.tokens), tree)
    assert set(signals.unique().tolist()) <= set(range(-4, 5)), "every answer is a signal"


def test_every_prompt_is_in_one_mini_batch_of_a_pass() -> None:
    lengths = [3, 5, 3, 3, 7, 5, 3, 3]
    tokens = [torch.zeros(length, dtype=torch.int64) for length in lengths]
    batches = PromptBatches(tokens, 2)
    for epoch in range(2):
        steps = range(epoch * len(batches), (epoch + 1) * len(batches))
        drawn = [batches.rows(step, 4).tolist() for step in steps]
        assert sorted(row for rows in drawn for row in rows) == list(range(8))
        for step, rows in zip(steps, drawn, strict=True):
            assert batches.shape(step) == (len(rows), lengths[rows[0]])
            assert len({lengths[row] for row in rows}) == 1
    assert [batches.rows(step, 4).tolist() for step in range(5)] != [
        batches.rows(step, 5).tolist() for step in range(5)
    ]


def test_unfit_prompts_are_one_message(model: LanguageModel, tree: AnswerTree) -> None:
    with pytest.raises(InputError, match="longer than the 510 that the context of the model"):
        prompt_tokens(model, ["profit " * 600], tree)
    with pytest.raises(InputError, match="as many returns as prompts"):
        token_decisions(model, ["profit"], np.zeros(2), tree)
    with pytest.raises(InputError, match="the return of the prompt 'profit' is not finite"):
        token_decisions(model, ["profit"], np.array([np.nan]), tree)
