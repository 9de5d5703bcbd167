"""Checks of studies with population based training: their sampler, pruner and parameters."""

from collections.abc import Iterable, Iterator

from fxai.spec.checks.study_parts import StudyParts
from fxai.spec.fields.per_lane_fields import varies_by_lane
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.findings import Finding
from fxai.spec.search.parameters import Parameter
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.pruners import NopPruner
from fxai.spec.search.samplers import QMCSampler, RandomSampler

_BUDGET = ("training.total_updates", "training.eval_frequency")
_BEGINNINGS = (RandomSampler, QMCSampler)


def population_problems(study: StudyParts) -> Iterator[Finding]:
    """Yields the faults of a study with populations."""
    if study.search is None:
        return
    if study.is_custom:
        message = "applies to fx_trading only, because FxAI cannot copy the state of custom code to another trial"
        yield Finding(("search",), message)
    sampler, pruner = study.sampler, study.pruner
    if sampler is not None and not isinstance(sampler, _BEGINNINGS):
        names = " or ".join(each.__name__ for each in _BEGINNINGS)
        message = f"{sampler.type} draws only the first parameters of members; remove it with search, or use {names}"
        yield Finding(("sampler",), message)
    if pruner is not None and not isinstance(pruner, NopPruner):
        message = f"{pruner.type} ends members that should copy better weights; remove it with search, or use none"
        yield Finding(("pruner",), message)
    for place, parameter in study.parameters:
        if not study.is_custom and parameter.path in _BUDGET:
            where = (*place, "name" if parameter.path == parameter.name else "path")
            yield Finding(where, "must be the same for all members of a population, which are compared by step")
    if isinstance(study.config, TrainingConfig):
        yield from _interval_problems(study.search, study.config)


def _interval_problems(search: PopulationSearch, config: TrainingConfig) -> Iterator[Finding]:
    frequency, interval = config.training.eval_frequency, search.interval(config.training)
    if interval % frequency:
        message = (
            f"members are compared after evaluations, but {interval} updates are not a multiple of "
            f"training.eval_frequency ({frequency})"
        )
        yield Finding(("search", "ready_interval"), message)


def population_advice(
    search: PopulationSearch | None, parameters: Iterable[Parameter], n_trials: int, config: TrainingConfig
) -> Iterator[str]:
    """Yields the warnings about a study with populations."""
    if search is None:
        return
    if (interval := search.interval(config.training)) >= config.training.total_updates:
        yield (
            f"search.ready_interval {interval} is not below training.total_updates "
            f"{config.training.total_updates}, so members are never compared"
        )
    if rest := n_trials % search.population:
        yield f"n_trials {n_trials} is not a multiple of population {search.population}; the last one has {rest}"
    if kept := [each.name for each in parameters if not varies_by_lane(each.path)]:
        yield f"these cannot change during a training, so members copy them with the weights: {', '.join(kept)}"
