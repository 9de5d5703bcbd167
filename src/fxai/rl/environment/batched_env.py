"""The contract of an environment that steps many episodes of many lanes as one tensor operation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Step:
    """What one step gave; every tensor leads with [lane, env].

    Where an episode ended, `observation` is already the first one of the next episode, while
    `final_observation` is the one that the ended episode would have gone on from: a truncated episode
    is bootstrapped with its value, a terminated one is not.
    """

    observation: Tensor  # [lane, env, *observation_shape], float
    final_observation: Tensor  # as observation; equal to it where no episode ended
    reward: Tensor  # [lane, env], float
    terminated: Tensor  # [lane, env], bool
    truncated: Tensor  # [lane, env], bool


class BatchedEnv(Protocol):
    """Environments of discrete actions. A lane's numbers never depend on the other lanes.

    All chance comes from `fxai.rl.lanes.counter_rng`, by the lane's own seed and the step number, so `state()` plus
    the constructor's arguments say everything about what follows.
    """

    lanes: int
    envs: int
    observation_shape: tuple[int, ...]
    actions: int

    def reset(self) -> Tensor:
        """Begin new episodes everywhere; returns observations [lane, env, *observation_shape]."""
        ...

    def foresee(self, steps: int) -> None:
        """Draw at once what chance the next `steps` steps will take; leave out what has none.

        It changes no number. It makes a roll-out the same sequence of operations each time.
        """
        ...

    def step(self, action: Tensor) -> Step:
        """Take actions [lane, env] (int64); episodes that end begin anew."""
        ...

    def state(self) -> dict[str, Tensor]:
        """All that changes from step to step, by name, each [lane, ...], for a checkpoint."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        """Go back to a state; returns the observations of that moment."""
        ...
