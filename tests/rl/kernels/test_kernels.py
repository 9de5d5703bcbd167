"""Kernels compared with the operations of torch that they replace."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.rl.algorithms.adam import LaneAdam
from fxai.rl.algorithms.ppo_loss import PpoLossWeights, ppo_loss_gradient
from fxai.rl.algorithms.samples import Samples
from fxai.rl.lanes.kernel_tensors import runs_on_kernels
from fxai.rl.networks.mlp import Mlp
from ways import use_torch_operations

Formula = Callable[[], dict[str, torch.Tensor]]


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def assert_same_both_ways(formula: Formula) -> None:
    with torch.no_grad():
        looped = formula()
        with pytest.MonkeyPatch.context() as monkeypatch:
            use_torch_operations(monkeypatch)
            torch.testing.assert_close(looped, formula(), rtol=1e-9, atol=1e-10)


@settings(deadline=None, max_examples=25)
@given(
    hidden=st.lists(st.integers(1, 70), min_size=1, max_size=3),
    samples=st.integers(1, 70),
    lanes=st.integers(1, 5),
    dropped=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_a_networks_passes(*, hidden: list[int], samples: int, lanes: int, dropped: bool, seed: int):
    network = Mlp((2, 5), hidden, outputs=3)
    weights = network.initial(normal(2 * lanes, network.layout.size, seed=seed), 1.0)
    observation = normal(lanes, samples, 2, 5, seed=seed + 1)
    keep = 2.0 * (normal(2 * lanes, samples, network.dropout_sites, seed=seed + 2) > 0) if dropped else None
    d_outputs = normal(2 * lanes, 3, samples, seed=seed + 3)

    def formula() -> dict[str, torch.Tensor]:
        outputs, vjp = network.vjp(weights, observation, keep)
        return {"outputs": outputs, "gradient": vjp(d_outputs)}

    assert_same_both_ways(formula)


@settings(deadline=None, max_examples=25)
@given(
    lanes=st.integers(1, 5),
    actions=st.integers(2, 5),
    count=st.integers(1, 70),
    held=st.booleans(),
    with_statistics=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_ppos_loss(*, lanes: int, actions: int, count: int, held: bool, with_statistics: bool, seed: int):
    value, old_value, advantage, target, chance = normal(5, lanes, count, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    batch = Samples(
        observation=torch.zeros(lanes, count, 1),
        action=torch.randint(actions, (lanes, count), generator=generator),
        log_prob=chance.abs().neg(),
        value=old_value,
        advantage=advantage,
        target=target,
        number=torch.zeros(lanes, count, dtype=torch.int64),
    )
    coefficients = torch.rand(4, lanes, generator=generator, dtype=torch.float64)
    weights = PpoLossWeights.of(
        clip_epsilon=coefficients[0],
        value_clip_epsilon=coefficients[1] if held else None,
        entropy_coef=coefficients[2],
        value_coef=coefficients[3],
    )
    logits = normal(lanes, actions, count, seed=seed + 1)

    def formula() -> dict[str, torch.Tensor]:
        loss = ppo_loss_gradient(logits, value, batch, weights, with_statistics=with_statistics)
        assert (loss.statistics is not None) == with_statistics
        return {
            "logits": loss.logits,
            "value": loss.value,
            "statistics": torch.zeros(0) if loss.statistics is None else loss.statistics,
        }

    assert_same_both_ways(formula)


def test_nan_stays_nan():
    """A lane has to be seen to fail."""
    one = torch.ones(1)
    known = torch.zeros(1, 1)
    batch = Samples(known.unsqueeze(2), known.long(), known, known, known, known, known.long())
    weights = PpoLossWeights.of(clip_epsilon=one, value_clip_epsilon=None, entropy_coef=one, value_coef=one)
    logits, value = torch.tensor([[[0.0], [torch.nan], [0.0]]]), torch.tensor([[torch.nan]])
    loss = ppo_loss_gradient(logits, value, batch, weights, with_statistics=False)
    assert loss.logits.isnan().all()
    assert loss.value.isnan().all()


@pytest.mark.parametrize(("kind", "accuracy"), [(torch.float32, 4e-7), (torch.float64, 3e-13)])
def test_tanh_is_tanh(kind: torch.dtype, accuracy: float):
    """A net of one unit whose weight is 1, on numbers from 1e-9 to where all tanh is 1 and beyond."""
    sizes = torch.logspace(-9, 6, 1001, dtype=kind)
    numbers = torch.cat([-sizes, torch.tensor([0.0, torch.inf, -torch.inf], dtype=kind), sizes])
    with torch.no_grad():
        outputs, _ = Mlp((1,), (1,), outputs=1).vjp(
            torch.tensor([[1, 0, 1, 0]], dtype=kind), numbers[None, :, None], None
        )
        unknown, _ = Mlp((1,), (1,), outputs=1).vjp(
            torch.tensor([[1, 0, 1, 0]], dtype=kind), torch.full((1, 1, 1), torch.nan, dtype=kind), None
        )
    torch.testing.assert_close(outputs[0, 0], numbers.double().tanh().to(kind), rtol=accuracy, atol=0)
    assert outputs.abs().max() <= 1
    assert unknown.isnan().all()


@pytest.mark.parametrize("size", [1, 15, 64, 4419])
def test_adams_step_wherever_a_lane_lies(size: int):
    """Equal lanes take steps that are equal to the bit, at each position."""
    weights = normal(1, size, seed=0).float().repeat(7, 1)
    adam = LaneAdam.of(weights)
    for seed in range(3):
        (pace,) = adam.step_factors(torch.full((7,), 1e-2), None, 1)
        adam.step(weights, normal(1, size, seed=seed).float().repeat(7, 1), torch.full((7,), 0.3), pace)
    assert torch.equal(weights, weights[:1].expand_as(weights))


@pytest.mark.parametrize("hidden", [(1,), (15, 3), (64, 64)])
def test_a_networks_passes_wherever_a_net_lies(hidden: tuple[int, ...]):
    network = Mlp((5,), hidden, outputs=3)
    weights = network.initial(normal(1, network.layout.size, seed=0), 1.0).float().repeat(7, 1)
    with torch.no_grad():
        outputs, vjp = network.vjp(weights, normal(1, 9, 5, seed=1).float(), None)
        gradient = vjp(normal(1, 3, 9, seed=2).float().repeat(7, 1, 1))
    assert torch.equal(outputs, outputs[:1].expand_as(outputs))
    assert torch.equal(gradient, gradient[:1].expand_as(gradient))


def test_tensors_that_run_on_kernels():
    assert runs_on_kernels(torch.zeros(1))
    assert not runs_on_kernels(torch.zeros(1, requires_grad=True))
    assert not runs_on_kernels(torch.zeros(1, device="meta"))
