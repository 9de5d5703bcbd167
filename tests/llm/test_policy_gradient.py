"""Losses: the exact gradient is the mean of REINFORCE's, and each decision has its own credit."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fxai.llm.policy_gradient import answer_rewards, decision_loss, expected_reward, sample_answers, sampled_loss

ANSWERS = torch.arange(-3, 4)
NUMBERS = st.floats(-2, 2, width=32)


def gradient_of(loss: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    (gradient,) = torch.autograd.grad(loss.sum(), scores, retain_graph=True)
    return gradient


@given(st.lists(NUMBERS, min_size=14, max_size=14), st.lists(NUMBERS, min_size=2, max_size=2), st.integers(1, 3))
def test_the_mean_gradient_of_samples_is_the_expected_gradient(
    scores: list[float], returns: list[float], strength: int
) -> None:
    given_scores = torch.tensor(scores, dtype=torch.float64).view(1, 2, 7).requires_grad_()
    outside = ANSWERS.abs() > strength
    probable = given_scores.masked_fill(outside, -torch.inf).log_softmax(-1)
    strengths, steps = torch.tensor([strength]), torch.tensor([0])
    rewards = answer_rewards(ANSWERS, strengths, torch.tensor([returns], dtype=torch.float64))
    exact = gradient_of(decision_loss("expected", probable, rewards, strengths, steps), given_scores)
    mean = torch.zeros_like(exact)
    for answer in range(3 - strength, 4 + strength):
        chosen = torch.full((1, 2), answer)
        share = probable.detach().exp()[:, :, answer : answer + 1]
        for decision in range(2):  # each has its own probability
            one = sampled_loss(probable, rewards, chosen)[:, decision]
            mean += share[:, decision : decision + 1] * gradient_of(one, given_scores)
    assert torch.allclose(mean, exact, atol=1e-9)


def test_each_decision_is_credited_with_its_own_return_and_shorts_as_longs() -> None:
    scores = torch.zeros(1, 2, 7, requires_grad=True)
    probable = scores.log_softmax(-1)
    rewards = answer_rewards(ANSWERS, torch.tensor([3]), torch.tensor([[0.02, -0.02]]))
    gradient = gradient_of(decision_loss("expected", probable, rewards, ANSWERS[:1], ANSWERS[:1]), scores)
    assert bool((gradient[0, 0, 4:] < 0).all())  # a rise: longs become more probable
    assert torch.allclose(gradient[0, 0], gradient[0, 1].flip(0))  # a fall: shorts, by the same amount
    sampled = decision_loss("sampled", probable, rewards, torch.tensor([1]), torch.tensor([0]))
    assert sampled.shape == (1, 2)


def test_sampled_answers_have_a_baseline() -> None:
    """The contest's starter kit has none: a reward that all answers share then moves the gradient."""
    scores = torch.linspace(-1, 1, 14, dtype=torch.float64).view(1, 2, 7).requires_grad_()
    probable, chosen = scores.log_softmax(-1), torch.tensor([[1, 5]])
    rewards = answer_rewards(ANSWERS, torch.tensor([3]), torch.tensor([[0.02, -0.01]], dtype=torch.float64))
    gradients = [gradient_of(sampled_loss(probable, rewards + shared, chosen), scores) for shared in (0.0, 5.0)]
    assert torch.allclose(gradients[0], gradients[1], atol=1e-9)
    assert bool(gradients[0].abs().sum() > 0)


def test_samples_have_the_probabilities_of_the_answers_and_belong_to_seed_and_step() -> None:
    probabilities = torch.tensor([0.0, 0.1, 0.0, 0.6, 0.3, 0.0])
    probable = probabilities.log().expand(2, 20_000, -1)
    seeds, steps = torch.tensor([5, 6]), torch.tensor([3, 3])
    drawn = sample_answers(probable, seeds, steps)
    shares = torch.stack([(drawn == answer).float().mean() for answer in range(6)])
    assert shares.numpy() == pytest.approx(probabilities.numpy(), abs=0.01)
    assert shares[[0, 2, 5]].tolist() == [0, 0, 0]
    assert torch.equal(sample_answers(probable[1:], seeds[1:], steps[1:])[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(sample_answers(probable, seeds, steps + 1), drawn)
    assert expected_reward(probable, torch.arange(6.0)).mean().item() == pytest.approx(3.1)
