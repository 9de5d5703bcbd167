"""Adapters of lanes: alone and beside others, and those of peft."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor

from fxai.errors import InputError
from fxai.llm.adapter_files import Adapter, load_adapter, save_adapter
from fxai.llm.lane_adapters import LaneAdapters, LaneDropout
from fxai.llm.language_model import LanguageModel, load_language_model
from fxai.llm.lora_layout import LoraLayout
from fxai.llm.lora_settings import LoraSettings
from fxai.llm.model_settings import ModelSettings

TARGETS = ("q_proj", "v_proj", "down_proj")
TEXTS = torch.randint(2, 400, (3, 2, 9), generator=torch.Generator().manual_seed(7))  # [lane, text, token]


@pytest.fixture
def adapters(model: LanguageModel):
    made = LaneAdapters(model.network, TARGETS)
    yield made
    made.remove()


def random_weights(layout: LoraLayout, ranks: list[int]) -> Tensor:
    """Adapters of several ranks; B is not zero."""
    seeds = torch.arange(len(ranks)) + 3
    weights = layout.initial(seeds, ranks)
    for lane, rank in enumerate(ranks):
        own = layout.with_rank(rank)
        noise = torch.randn(1, own.size, generator=torch.Generator().manual_seed(lane)) * 0.1
        weights[lane] += own.copied(noise, layout.rank)[0]
    return weights


def losses_and_gradients(
    model: LanguageModel, adapters: LaneAdapters, ranks: list[int], lanes: list[int]
) -> tuple[Tensor, list[Tensor]]:
    """Loss [lane] and gradient, in the lane's own rank, of the given lanes in one pass."""
    every = LoraLayout(adapters.layers, max(ranks))
    layout = every.with_rank(max(ranks[lane] for lane in lanes))
    weights = every.copied(random_weights(every, ranks)[lanes], layout.rank).requires_grad_()
    scaling = torch.tensor([16 / ranks[lane] for lane in lanes])
    dropout = LaneDropout(
        torch.tensor([0.0, 0.3, 0.1])[lanes], torch.tensor([3, 4, 5])[lanes], torch.tensor([0, 9, 2])[lanes]
    )
    with adapters.applied(weights, layout, scaling, dropout):
        logits = model.network(input_ids=TEXTS[lanes].flatten(0, 1)).logits.unflatten(0, (len(lanes), 2))
    losses = -logits[:, :, :-1].log_softmax(-1).gather(-1, TEXTS[lanes][:, :, 1:, None]).mean((1, 2, 3))
    (gradient,) = torch.autograd.grad(losses.sum(), weights)
    own = [layout.copied(gradient[i : i + 1], ranks[lane])[0] for i, lane in enumerate(lanes)]
    padding = sum(each.abs().sum() for each in own) - gradient.abs().sum()
    assert float(padding.abs()) < 1e-4  # the gradient of the padding is zero
    return losses.detach(), own


@given(st.lists(st.integers(1, 6), min_size=3, max_size=3))
@settings(max_examples=10)
def test_a_lane_is_the_same_alone_and_beside_others(model: LanguageModel, ranks: list[int]) -> None:
    adapters = LaneAdapters(model.network, TARGETS)
    losses, gradients = losses_and_gradients(model, adapters, ranks, [0, 1, 2])
    for lane in range(3):
        alone, (gradient,) = losses_and_gradients(model, adapters, ranks, [lane])
        assert torch.allclose(alone[0], losses[lane], atol=1e-6, rtol=1e-6)
        assert (gradient - gradients[lane]).abs().max() < 1e-5 * gradient.abs().max()
    adapters.remove()


def test_loss_and_gradients_are_those_of_peft(model: LanguageModel, model_folder: Path, adapters: LaneAdapters) -> None:
    layout = LoraLayout(adapters.layers, 5)
    weights = random_weights(layout, [5]).requires_grad_()
    with adapters.applied(weights, layout, torch.tensor([16 / 5]), None):
        ours = model.network(input_ids=TEXTS[0], labels=TEXTS[0]).loss
    (gradient,) = torch.autograd.grad(ours, weights)
    config = LoraConfig(r=5, lora_alpha=16, target_modules=list(TARGETS), task_type="CAUSAL_LM")
    peer = get_peft_model(load_language_model(ModelSettings(str(model_folder))).network, config)
    theirs = dict(peer.named_parameters())
    for layer, (a, b) in zip(layout.layers, layout.matrices(weights.detach()), strict=True):
        theirs[f"base_model.model.{layer.name}.lora_A.default.weight"].data.copy_(a[0])
        theirs[f"base_model.model.{layer.name}.lora_B.default.weight"].data.copy_(b[0])
    loss = peer(input_ids=TEXTS[0], labels=TEXTS[0]).loss
    loss.backward()
    assert ours.item() == pytest.approx(loss.item(), rel=1e-6)
    for layer, (a, b) in zip(layout.layers, layout.matrices(gradient), strict=True):
        for kind, matrix in (("lora_A", a), ("lora_B", b)):
            peers = theirs[f"base_model.model.{layer.name}.{kind}.default.weight"].grad
            assert (matrix[0] - peers).abs().max() < 1e-5 * peers.abs().max()


def test_new_adapters_change_nothing_and_begin_as_pefts(model: LanguageModel, adapters: LaneAdapters) -> None:
    layout = LoraLayout(adapters.layers, 8)
    weights = layout.initial(torch.tensor([1, 2]), [8, 3])
    with torch.no_grad(), adapters.applied(weights, layout, torch.ones(2), None):
        adapted = model.network(input_ids=TEXTS[0]).logits
    assert torch.equal(adapted, model.network(input_ids=TEXTS[0]).logits)
    for layer, (a, _) in zip(layout.layers, layout.matrices(weights), strict=True):
        assert float(a[0].std()) == pytest.approx((3 * layer.inputs) ** -0.5, rel=0.2)
        assert not a[1, 3:].any()
    alone = layout.with_rank(3).initial(torch.tensor([2]), [3])
    assert torch.equal(layout.copied(weights[1:], 3), alone)


def test_dropout_keeps_the_mean_and_differs_by_step_and_layer() -> None:
    dropout = LaneDropout(torch.tensor([0.25, 0.0]), torch.tensor([1, 2]), torch.tensor([0, 0]))
    factors = dropout.factors(0, 4, 200, 64)
    assert float(factors[0].mean()) == pytest.approx(1.0, abs=0.02)
    assert factors[0].unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert bool((factors[1] == 1).all())
    later = LaneDropout(dropout.rates, dropout.seeds, torch.tensor([1, 1]))
    assert not torch.equal(dropout.factors(1, 4, 200, 64)[0], factors[0])
    assert not torch.equal(later.factors(0, 4, 200, 64)[0], factors[0])


def test_an_adapter_is_saved_for_peft_and_read_again(
    model: LanguageModel, model_folder: Path, adapters: LaneAdapters, tmp_path: Path
) -> None:
    layout = LoraLayout(adapters.layers, 4)
    weights = random_weights(layout, [4])
    adapter = Adapter(LoraSettings(4, 6.0, 0.1, TARGETS), layout, weights[0], str(model_folder))
    save_adapter(tmp_path / "adapter", adapter)
    read = load_adapter(tmp_path / "adapter", adapters.layers)
    assert read.settings == LoraSettings(4, 6.0, 0.1, tuple(sorted(TARGETS)))
    assert torch.equal(read.weights, adapter.weights)
    with torch.no_grad(), adapters.applied(weights, layout, torch.tensor([6 / 4]), None):
        ours = model.network(input_ids=TEXTS[0]).logits
    peer = PeftModel.from_pretrained(
        load_language_model(ModelSettings(str(model_folder))).network, tmp_path / "adapter"
    )
    assert torch.allclose(peer(input_ids=TEXTS[0]).logits, ours, atol=1e-5)
    peer.save_pretrained(tmp_path / "theirs")
    assert torch.equal(load_adapter(tmp_path / "theirs", adapters.layers).weights, adapter.weights)


def test_unfit_adapters_are_refused(model: LanguageModel, adapters: LaneAdapters, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no linear layer c_attn; its linear layers are q_proj"):
        LaneAdapters(model.network, ("c_attn",))
    with pytest.raises(InputError, match="cannot be read as the configuration"):
        load_adapter(tmp_path, adapters.layers)
    layout = LoraLayout(adapters.layers[:2], 2)
    adapter = Adapter(LoraSettings(2, 6.0, 0.1, ("q_proj",)), layout, torch.zeros(layout.size), "m")
    save_adapter(tmp_path, adapter)
    with pytest.raises(InputError, match="adapter of another model: this one has no layer"):
        load_adapter(tmp_path, adapters.layers[2:])
    config = tmp_path / "adapter_config.json"
    config.write_text(config.read_text().replace('"use_rslora": false', '"use_rslora": true'))
    with pytest.raises(InputError, match="does not compute adapters with use_rslora"):
        load_adapter(tmp_path, adapters.layers)
