"""Interface of an environment that steps the episodes of all lanes together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Step:
    """The result of one step; every tensor begins with the dimensions [lane, env].

    Where an episode ended, `observation` is the first observation of the next episode, and `final_observation` the
    last one of the ended episode. Its value bootstraps a truncated episode, not a terminated one.
    """

    observation: Tensor  # [lane, env, *observation_shape], float
    final_observation: Tensor  # as observation; equal to it where no episode ended
    reward: Tensor  # [lane, env], float
    terminated: Tensor  # [lane, env], bool
    truncated: Tensor  # [lane, env], bool


class BatchedEnv(Protocol):
    """Environments with discrete actions. The results of a lane do not depend on the other lanes.

    All random numbers come from `fxai.rl.lanes.counter_rng`, by the seed of the lane and the step number, so `state()`
    and the constructor's arguments determine all further steps.
    """

    lanes: int
    envs: int
    observation_shape: tuple[int, ...]
    actions: int

    def reset(self) -> Tensor:
        """Begins new episodes in all environments. Returns observations [lane, env, *observation_shape]."""
        ...

    def draw_ahead(self, steps: int) -> None:
        """Draws the random numbers of the next `steps` steps together.

        The numbers are the same without this call. With it each roll-out has the same sequence of operations.
        """
        ...

    def step(self, action: Tensor) -> Step:
        """Takes actions [lane, env] (int64). Where an episode ends, a new one begins."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Returns the tensors that change between steps, by name, each [lane, ...], for a checkpoint."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> Tensor:
        """Restores a state. Returns its observations."""
        ...
