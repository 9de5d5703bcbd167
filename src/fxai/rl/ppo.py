"""Proximal policy optimisation: what one update does to the weights of every lane."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl import draws
from fxai.rl.adam import LaneAdam, clip_by_norm
from fxai.rl.hyperparameters import Hyperparameters
from fxai.rl.ppo_loss import KL, STATISTICS, loss_gradient
from fxai.rl.rollout import Actors, Samples

_KL_TOLERANCE = 1.5  # an update ends beyond so many times target_kl

UPDATE_METRICS = (*STATISTICS, "grad_norm")


@dataclass(frozen=True, slots=True)
class Update:
    """One update's setting: how often each sample is used, in which portions, at which rate."""

    number: int
    epochs: int
    batch_size: int
    learning_rate: Tensor  # [lane]


@torch.no_grad()
def improve(
    actors: Actors, weights: Tensor, adam: LaneAdam, samples: Samples, *, hyper: Hyperparameters, update: Update
) -> Tensor:
    """Several epochs of minibatch steps, in place on `weights` [lane, size]; means of UPDATE_METRICS [lane, 6].

    A lane whose KL passes its limit does not take that step, nor any other of this update.
    """
    active = torch.ones_like(hyper.target_kl, dtype=torch.bool)
    limited = bool(hyper.target_kl.isfinite().any())
    total = torch.zeros(len(weights), len(UPDATE_METRICS), device=weights.device)
    taken = torch.zeros(len(weights), 1, device=weights.device)
    for index in _minibatches(actors.seeds, update, samples.action.shape[1]):
        batch = samples.select(index)
        logits, value, vjp = actors.policy.vjp(weights, batch.observation, actors.keep(batch.number))
        loss = loss_gradient(logits, value, batch, hyper)
        gradient = vjp(loss.logits, loss.value)
        norm = clip_by_norm(gradient, hyper.max_grad_norm)
        total += active.unsqueeze(1) * torch.cat([loss.statistics, norm.unsqueeze(1)], dim=1)
        taken += active.unsqueeze(1)
        active = active & ~(loss.statistics[:, KL] > _KL_TOLERANCE * hyper.target_kl)  # NaN must reach the weights
        if limited and not active.any():
            break
        adam.step(weights, gradient, update.learning_rate, active)
    return total / taken


def _minibatches(seeds: Tensor, update: Update, count: int) -> Iterator[Tensor]:
    """Indices [lane, batch_size] of each step's samples; the last of an epoch takes what is left."""
    for epoch in range(update.epochs):
        step = update.number * update.epochs + epoch
        yield from draws.permutation(seeds, draws.Purpose.MINIBATCH, step, count).split(update.batch_size, dim=1)
