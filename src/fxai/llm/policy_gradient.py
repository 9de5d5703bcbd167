"""Losses that raise the probability of answers with high rewards, for each decision.

A decision is a ticker and a time. Its reward is answer / strength times the return over the look-ahead, times
`reward_scaling`. Each decision is credited with its own reward. A short position is rewarded by a negative return as a
long one is by a positive return.

REINFORCE (Williams 1992, "Simple statistical gradient-following algorithms for connectionist reinforcement learning",
Machine Learning 8, p. 229) samples an answer, because its setting hides the rewards of the other answers. Here the
return is known, so the rewards of all answers are known, and so are their probabilities. `EXPECTED` therefore takes the
gradient of the expected reward itself, sum over a of p(a) r(a). This is the mean of REINFORCE's gradient over all
samples. It has no sampling noise, and no baseline changes it, because the gradients of the probabilities add up to
zero. It costs nothing more, because the answers are scored together anyway. `SAMPLED` is REINFORCE with the decision's
expected reward as its baseline. It is for comparisons with the contest's training; both have the same mean gradient.
"""

from typing import Literal

from torch import Tensor

from fxai.rl.lanes import counter_rng

Gradient = Literal["expected", "sampled"]


def answer_rewards(answers: Tensor, strengths: Tensor, returns: Tensor) -> Tensor:
    """Rewards [lane, decision, answer] of returns [lane, decision], before `reward_scaling`.

    Args:
        answers: [answer], from the least to the largest.
        strengths: [lane]; an answer of this size earns the whole return.
        returns: Over the look-ahead; 0.01 is 1 %.
    """
    return answers / strengths[:, None, None] * returns[:, :, None]


def expected_reward(log_probabilities: Tensor, rewards: Tensor) -> Tensor:
    """Mean reward [lane, decision] over the answers, both arguments [lane, decision, answer]."""
    return (log_probabilities.exp() * rewards).sum(-1)


def sampled_loss(log_probabilities: Tensor, rewards: Tensor, answers: Tensor) -> Tensor:
    """Loss [lane, decision] of sampled answers, given by their indices [lane, decision].

    Its gradient is that of REINFORCE with the decision's expected reward as baseline.
    """
    chosen = answers[..., None]
    log_probability = log_probabilities.gather(-1, chosen)[..., 0]
    baseline = expected_reward(log_probabilities, rewards)
    advantage = rewards.gather(-1, chosen)[..., 0] - baseline
    return -log_probability * advantage.detach()


def sample_answers(log_probabilities: Tensor, seeds: Tensor, steps: Tensor) -> Tensor:
    """Indices [lane, decision] of answers drawn with their probabilities [lane, decision, answer].

    Args:
        log_probabilities: As of `answers.log_probabilities`.
        seeds: Of the lanes, [lane] int64.
        steps: Of the lanes, [lane] int64; a step has its own draws.
    """
    lanes, decisions, answers = log_probabilities.shape
    uniform = counter_rng.uniform(seeds, counter_rng.Purpose.ACTION, steps, (decisions,))
    cumulative = log_probabilities.detach().exp().cumsum(-1)
    below = cumulative <= (uniform * cumulative[..., -1])[..., None]
    return below.sum(-1).clamp_max(answers - 1).view(lanes, decisions)


def decision_loss(
    gradient: Gradient, log_probabilities: Tensor, rewards: Tensor, seeds: Tensor, steps: Tensor
) -> Tensor:
    """Loss [lane, decision]; see the module's description. Arguments as of the functions above."""
    if gradient == "expected":
        return -expected_reward(log_probabilities, rewards)
    return sampled_loss(log_probabilities, rewards, sample_answers(log_probabilities, seeds, steps))
