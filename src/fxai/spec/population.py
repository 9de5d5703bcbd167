"""`search: {type: pbt, ...}`: population based training (Jaderberg et al. 2017, arXiv 1711.09846)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from fxai.spec.algorithm_config import AlgorithmConfig
from fxai.spec.defaults import MOST
from fxai.spec.record import Record
from fxai.spec.samplers import Probability

_COMPARISONS = 10  # of a training, where the interval between them is not given


def _a_change(factor: float) -> float:
    if factor == 1:
        raise ValueError("must not be 1, which changes nothing")
    return factor


Factor = Annotated[float, Field(gt=0), AfterValidator(_a_change)]


class PopulationSearch(Record):
    """Trials train side by side as a population, in which the worst go on from the best ones' weights.

    The members are compared every `ready_interval` updates, unless given some ten times in a training. Those of
    the lower quantile take over weights, optimizer and environments of one of the upper, and its parameters with
    a change: by one of the factors of `perturbation`, or drawn anew.
    """

    type: Literal["pbt"] = Field(default="pbt", description="population based training")
    population: int = Field(default=8, ge=2, le=10_000, description="trials that are compared with each other")
    ready_interval: int | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="updates between two comparisons, whole evaluations of them; a tenth of all",
    )
    quantile: float = Field(
        default=0.25, gt=0, le=0.5, description="share of members that go on from another's weights"
    )
    perturbation: tuple[Factor, ...] = Field(default=(0.8, 1.2), min_length=1, description="factors of a change")
    resample_probability: Probability = Field(default=0.25, description="of a parameter to be drawn anew instead")

    def interval(self, training: AlgorithmConfig) -> int:
        """Updates between two comparisons: as given, else the evaluations nearest a tenth of the training."""
        if self.ready_interval is not None:
            return self.ready_interval
        return training.eval_frequency * max(1, round(training.total_updates / _COMPARISONS / training.eval_frequency))

    def is_ready(self, step: int, training: AlgorithmConfig) -> bool:
        """Whether members are compared at this step; at the last there is nothing left to train."""
        return step % self.interval(training) == 0 and step < training.total_updates
