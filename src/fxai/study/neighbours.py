"""Configurations around a study's winner, which a verdict trains on the seeds of its committees."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fxai.errors import InputError
from fxai.evaluation.compare_neighbours import neighbourhood
from fxai.evaluation.fresh_value import fresh_error
from fxai.evaluation.neighbour_draw import Neighbour, draw_neighbours
from fxai.evaluation.neighbourhood import Neighbourhood
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.protocol import ParamValue
from fxai.search.seeds import neighbours_seed
from fxai.spec.checks.feasibility import violated_constraints
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.study import StudySpec
from fxai.study.data_bars import scored_bars_per_year
from fxai.study.fresh_trainer import FreshTrainer
from fxai.study.fresh_trainings import TrainingKey

_FIRST = 2**30  # numbers of neighbours begin above those of trials, which are below a billion


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The configurations around the winner and their trainings.

    A configuration is numbered by its parameters, so that a later run with another winner or another number of
    neighbours uses a training only for the configuration that it was made for.
    """

    winner: int
    configurations: Mapping[int, Neighbour] = field(default_factory=dict)  # by number
    trainings: Sequence[TrainingKey] = ()

    @property
    def params(self) -> Mapping[int, Mapping[str, ParamValue]]:
        """The parameters of each configuration, by number."""
        return {number: each.params for number, each in self.configurations.items()}

    @property
    def near(self) -> Mapping[int, int]:
        """The winner, by the number of each configuration."""
        return dict.fromkeys(self.configurations, self.winner)


def neighbours_of(
    spec: StudySpec, winner: int, params: Mapping[str, ParamValue], seeds: Sequence[int], count: int
) -> Neighbours:
    """The configurations around a winner and at most `count` trainings of them, evenly over configurations and seeds.

    Each seed is used as often as the others, so that the differences to the winner on equal seeds have little error.
    """

    def is_allowed(values: Mapping[str, ParamValue]) -> bool:
        try:
            trial_settings(spec, values)
        except InputError:
            return False
        return not violated_constraints(spec, values)

    drawn = draw_neighbours(spec.parameters, params, count, neighbours_seed(spec.seed), is_allowed)
    configurations = {_number_of(neighbour.params): neighbour for neighbour in drawn}
    numbers = tuple(configurations)
    trainings = tuple((numbers[row], seeds[column]) for row, column in _pairs(len(numbers), len(seeds), count))
    return Neighbours(winner, configurations, trainings)


def _pairs(configurations: int, seeds: int, count: int) -> Iterator[tuple[int, int]]:
    """At most `count` different pairs of a configuration and a seed, each as often as the others."""
    if configurations:
        cycle = math.lcm(configurations, seeds)  # after it, pairs would repeat
        for place in range(min(count, configurations * seeds)):
            yield place % configurations, (place + place // cycle) % seeds


def _number_of(params: Mapping[str, ParamValue]) -> int:
    digest = hashlib.sha256(json.dumps(params, sort_keys=True).encode()).digest()
    return _FIRST + int.from_bytes(digest[:4], "big") % _FIRST


def neighbourhood_of(
    neighbours: Neighbours,
    spec: StudySpec,
    params: Mapping[str, ParamValue],
    trainer: FreshTrainer,
    seeds: Sequence[int],
) -> Neighbourhood:
    """The neighbourhood of the winner, from trainings that have ended.

    Args:
        neighbours: The neighbours.
        spec: Of the study.
        params: Of the winner.
        trainer: Has the trainings of the winner and of the neighbours.
        seeds: Of the winner's trainings.

    Raises:
        InputError: There are no neighbours, or trainings are missing; the message is the reason.
    """
    if not neighbours.configurations:
        raise InputError("no numeric parameter can be moved")
    values = {seed: trainer.values.get((neighbours.winner, seed), math.nan) for seed in seeds}
    if not all(map(math.isfinite, values.values())):
        raise InputError("the trial has no value on some of its fresh seeds")
    if any(training not in trainer.values for training in neighbours.trainings):
        raise InputError("some of its trainings have not ended")
    of_each = [
        {seed: trainer.values[number, seed] for other, seed in neighbours.trainings if other == number}
        for number in neighbours.configurations
    ]
    return neighbourhood(
        list(neighbours.configurations.values()),
        of_each,
        params,
        values,
        _standard_error(spec, neighbours.winner, trainer, values),
        metric=spec.metric_name,
        maximize=spec.direction == "maximize",
    )


def _standard_error(spec: StudySpec, winner: int, trainer: FreshTrainer, values: Mapping[int, float]) -> float | None:
    """The standard error of the winner's value: of seeds and market, or of the seeds if the market's is not known."""
    returns = []
    for seed in values:
        try:
            returns.append(read_bar_returns(trainer.paths_of((winner, seed)).returns))
        except InputError:
            continue
    error = fresh_error(list(values.values()), returns, spec.metric_name, scored_bars_per_year(spec))
    return error.seed if error.market is None else error.total
