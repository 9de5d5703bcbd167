"""The tensors of an actor-critic algorithm that its updates change: what a checkpoint of A2C or PPO holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from fxai.rl.algorithms.adam import LaneAdam
from fxai.rl.algorithms.experience import Experience
from fxai.rl.lanes.state import prefixed, without_prefix


@dataclass(frozen=True, slots=True)
class ActorCriticState:
    """Weights [lane, size], the moments of their gradients, and the environments. Updates change them in place."""

    weights: Tensor
    adam: LaneAdam
    experience: Experience

    def tensors(self) -> dict[str, Tensor]:
        """All tensors by name, each [lane, ...]; not copies."""
        return {
            "weights": self.weights,
            **prefixed("adam.", self.adam.state()),
            **prefixed("env.", self.experience.state()),
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Copy the values of `tensors` into the state."""
        self.weights.copy_(tensors["weights"])
        self.adam.restore(without_prefix("adam.", tensors))
        self.experience.restore(without_prefix("env.", tensors))
