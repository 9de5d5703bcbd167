"""What is made of draws: actions and dropout."""

import pytest
import torch

from fxai.rl.algorithms import categorical
from fxai.rl.networks.dropout import keep_mask


def test_actions_come_as_often_as_their_probability():
    logits = torch.tensor([0.1, 0.6, 0.3]).log()[None, :, None].expand(1, 3, 10_000)
    chance = (torch.arange(10_000) + 0.5).unsqueeze(0) / 10_000
    shares = categorical.sample(logits, chance).flatten().bincount(minlength=3) / 10_000
    assert shares.tolist() == pytest.approx([0.1, 0.6, 0.3], abs=1e-3)


def test_an_action_of_probability_zero_is_never_drawn():
    logits = torch.tensor([float("-inf"), 0.0, float("-inf")])[None, :, None].expand(1, 3, 3)
    assert categorical.sample(logits, torch.tensor([[0.0, 0.5, 1 - 2**-24]])).tolist() == [[1, 1, 1]]


def test_log_prob_is_torchs():
    logits = torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(0))
    action = torch.randint(3, (4, 5), generator=torch.Generator().manual_seed(1))
    expected = torch.distributions.Categorical(logits=logits.mT).log_prob(action)
    torch.testing.assert_close(categorical.log_prob(logits, action), expected)


def test_dropout_keeps_the_mean_and_silences_at_its_rate():
    keep = keep_mask(torch.tensor([1, 2]), torch.tensor([0.25, 0.0]), torch.arange(200).expand(2, -1), 100)
    assert (keep[0] == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert keep[0].mean().item() == pytest.approx(1, abs=0.02)
    assert torch.equal(keep[1], torch.ones(200, 100))


def test_a_sample_has_the_same_mask_wherever_it_stands():
    seeds, rate = torch.tensor([5]), torch.tensor([0.5])
    row = keep_mask(seeds, rate, torch.arange(10).unsqueeze(0), 30)
    shuffled = torch.tensor([[7, 2, 9]])
    assert torch.equal(keep_mask(seeds, rate, shuffled, 30), row[:, [7, 2, 9]])
    assert not torch.equal(row[:, 2], row[:, 7])
