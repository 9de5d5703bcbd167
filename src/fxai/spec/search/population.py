"""`search: {type: pbt, ...}`: population based training (Jaderberg et al. 2017, arXiv 1711.09846)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.record import Record
from fxai.spec.search.samplers import Probability

_COMPARISONS = 10  # per training, unless the interval is given


def _a_change(factor: float) -> float:
    if factor == 1:
        raise ValueError("must not be 1, because that does not change a parameter")
    return factor


Factor = Annotated[float, Field(gt=0), AfterValidator(_a_change)]


class PopulationSearch(Record):
    """Trials train side by side as a population. The worst members copy the weights of the best during training.

    The members are compared every `ready_interval` updates, by default about ten times per training. Each member of
    the lower quantile copies the weights, optimizer state and environments of a member of the upper quantile. Its
    parameters are those of that member, each multiplied by a factor of `perturbation` or drawn anew.
    """

    type: Literal["pbt"] = Field(default="pbt", description="population based training")
    population: int = Field(
        default=8, ge=2, le=10_000, description="number of trials that are compared with each other"
    )
    ready_interval: int | None = Field(
        default=None,
        ge=1,
        le=MAX_COUNT,
        description="updates between two comparisons, a multiple of eval_frequency; by default a tenth of all updates",
    )
    quantile: float = Field(
        default=0.25, gt=0, le=0.5, description="share of the members that copy the weights of another member"
    )
    perturbation: tuple[Factor, ...] = Field(
        default=(0.8, 1.2), min_length=1, description="factors by which a parameter is multiplied"
    )
    resample_probability: Probability = Field(
        default=0.25, description="probability that a parameter is drawn anew instead"
    )

    def interval(self, training: AlgorithmConfig) -> int:
        """Returns the updates between two comparisons: `ready_interval`, or about a tenth of the training."""
        if self.ready_interval is not None:
            return self.ready_interval
        return training.eval_frequency * max(1, round(training.total_updates / _COMPARISONS / training.eval_frequency))

    def is_ready(self, step: int, training: AlgorithmConfig) -> bool:
        """Whether members are compared at this step; they are not compared at the last step."""
        return step % self.interval(training) == 0 and step < training.total_updates
