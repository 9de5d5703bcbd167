"""The lane-wise optimizer against torch's own, one lane at a time."""

import pytest
import torch

from fxai.rl.algorithms.adam import LaneAdam, norm_and_clip_factor
from ways import either_way  # noqa: F401

pytestmark = pytest.mark.usefixtures("either_way")
RATES = torch.tensor([1e-3, 3e-2, 1e-1])


def gradients(steps: int) -> torch.Tensor:
    return torch.randn(steps, 3, 10, generator=torch.Generator().manual_seed(1))


def step(
    adam: LaneAdam, weights: torch.Tensor, gradient: torch.Tensor, rates: torch.Tensor, active: torch.Tensor
) -> None:
    (pace,) = adam.step_factors(rates, active, 1)
    adam.step(weights, gradient.clone(), torch.ones(len(weights)), pace)


def test_each_lane_steps_as_torch_adam():
    weights = torch.randn(3, 10, generator=torch.Generator().manual_seed(0))
    singles = [row.clone().requires_grad_() for row in weights]
    optimizers = [torch.optim.Adam([w], lr=rate.item(), eps=1e-5) for w, rate in zip(singles, RATES, strict=True)]
    adam = LaneAdam.of(weights)
    for gradient in gradients(20):
        step(adam, weights, gradient, RATES, torch.ones(3, dtype=torch.bool))
        for single, optimizer, row in zip(singles, optimizers, gradient, strict=True):
            single.grad = row.clone()
            optimizer.step()
    torch.testing.assert_close(weights, torch.stack([s.detach() for s in singles]), rtol=1e-5, atol=1e-6)


def test_an_inactive_lane_stands_still_and_its_clock_too():
    often, seldom = torch.ones(3, 10), torch.ones(3, 10)
    adam, paused = LaneAdam.of(often), LaneAdam.of(seldom)
    everyone = torch.ones(3, dtype=torch.bool)
    pause = torch.tensor([True, False, True])
    for index, gradient in enumerate(gradients(6)):
        step(paused, seldom, gradient, RATES, pause if index % 2 else everyone)
    for gradient in gradients(6)[::2]:
        step(adam, often, gradient, RATES, everyone)
    assert torch.equal(often[1], seldom[1])
    assert not torch.equal(often[0], seldom[0])


def test_a_step_of_no_lane_changes_no_weight():
    weights = torch.zeros(1, 4)
    adam = LaneAdam.of(weights)
    step(adam, weights, torch.ones(1, 4), torch.tensor([0.1]), torch.tensor([False]))
    assert torch.equal(weights, torch.zeros(1, 4))
    step(adam, weights, torch.ones(1, 4), torch.tensor([0.1]), torch.tensor([True]))
    torch.testing.assert_close(weights, torch.full((1, 4), -0.1), rtol=1e-3, atol=0)


def test_clipping_is_by_each_lanes_own_norm():
    gradient = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    norms, clip_factor = norm_and_clip_factor(gradient, torch.tensor([1.0, 1.0]))
    assert norms.tolist() == pytest.approx([5.0, 0.5])
    torch.testing.assert_close(clip_factor, torch.tensor([0.2, 1.0]))


def test_a_step_is_by_the_shrunk_gradient():
    weights, others = torch.ones(3, 10), torch.ones(3, 10)
    adam, other = LaneAdam.of(weights), LaneAdam.of(others)
    clip_factor = torch.tensor([1.0, 0.5, 0.25])
    for gradient in gradients(3):
        (pace,) = adam.step_factors(RATES, None, 1)
        adam.step(weights, gradient.clone(), clip_factor, pace)
        step(other, others, gradient * clip_factor.unsqueeze(1), RATES, torch.ones(3, dtype=torch.bool))
    assert torch.equal(weights, others)


def test_what_a_lane_that_stands_still_was_given_does_not_matter():
    weights = torch.ones(3, 10)
    adam = LaneAdam.of(weights)
    (gradient,) = gradients(1)
    gradient[1] = torch.nan
    (pace,) = adam.step_factors(RATES, torch.tensor([True, False, True]), 1)
    adam.step(weights, gradient, torch.tensor([1.0, torch.nan, 1.0]), pace)
    assert torch.equal(weights[1], torch.ones(10))
    assert not weights.isnan().any()
    assert not adam.state()["mean"].isnan().any()


def test_the_first_lanes_continue_without_the_others():
    whole, part = torch.ones(3, 10), torch.ones(3, 10)
    together, apart = LaneAdam.of(whole), LaneAdam.of(part)
    for gradient in gradients(4):
        step(together, whole, gradient, RATES, torch.tensor([True, True, False]))
        step(apart.first(2), part[:2], gradient[:2], RATES[:2], torch.ones(2, dtype=torch.bool))
    assert torch.equal(whole, part)
    assert all(torch.equal(apart.state()[name], tensor) for name, tensor in together.state().items())


def test_steps_prepared_together_are_the_same_steps():
    weights, others = torch.ones(3, 10), torch.ones(3, 10)
    adam, other = LaneAdam.of(weights), LaneAdam.of(others)
    active = torch.tensor([True, False, True])
    for gradient, pace in zip(gradients(5), adam.step_factors(RATES, active, 5), strict=True):
        adam.step(weights, gradient.clone(), torch.ones(3), pace)
        step(other, others, gradient, RATES, active)
    assert torch.equal(weights, others)
    assert all(torch.equal(other.state()[name], tensor) for name, tensor in adam.state().items())


def test_state_goes_round():
    weights = torch.ones(3, 10)
    adam = LaneAdam.of(weights)
    on = torch.ones(3, dtype=torch.bool)
    first, second = gradients(2)
    step(adam, weights, first, RATES, on)
    kept, state = weights.clone(), {name: t.clone() for name, t in adam.state().items()}
    step(adam, weights, second, RATES, on)
    other = LaneAdam.of(kept)
    other.restore(state)
    step(other, kept, second, RATES, on)
    assert torch.equal(kept, weights)
