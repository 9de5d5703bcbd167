"""The parts of a study that the cross-field checks compare, from a valid or a partly invalid study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from fxai.spec.fields.objective import Objective
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.confirmation import Confirmation
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.parameters import Choice, Parameter
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.pruners import Pruner
from fxai.spec.search.samplers import Sampler
from fxai.spec.search.stop import Stop
from fxai.spec.search.study import Resources, StudySpec
from fxai.spec.search.switch import Off
from fxai.spec.search.verdict import VerdictConfig
from fxai.spec.yaml.yaml_source import KeyPath

Placed: TypeAlias = tuple[KeyPath, Parameter]
"""A valid parameter with its path in the study."""


class Named(NamedTuple):
    """A parameter of which only the name and the path of its field need to be valid."""

    place: KeyPath
    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyParts:
    """The valid parts of one study. An invalid or absent part is None or an empty collection."""

    is_custom: bool  # whether the objective is custom code
    objective: Objective | None
    algorithm: str
    config: TrainingConfig | CustomConfig | None
    names: Sequence[Named]  # of all parameters
    parameters: Sequence[Placed]  # the valid parameters
    fixed: Mapping[str, Choice]
    constraints: Sequence[str]
    enqueue: Sequence[Mapping[str, Choice]]
    sampler: Sampler | None
    pruner: Pruner | None
    search: PopulationSearch | None
    confirm: Confirmation | Off | None
    verdict: VerdictConfig | Off | None
    has_objectives: bool  # whether there are several objectives
    stop: Stop | None
    seeds_per_trial: int
    resources: Resources | None


def parts_of(study: StudySpec) -> StudyParts:
    """Returns all parts of a valid study."""
    config = study.training_config
    placed: list[Placed] = [(("parameters", place), each) for place, each in enumerate(study.parameters)]
    return StudyParts(
        is_custom=isinstance(config, CustomConfig),
        objective=study.objective,
        algorithm="" if isinstance(config, CustomConfig) else config.training.algorithm,
        config=config,
        names=[Named(place, each.name, each.path) for place, each in placed],
        parameters=placed,
        fixed=study.fixed,
        constraints=study.constraints,
        enqueue=study.enqueue,
        sampler=study.sampler,
        pruner=study.pruner,
        search=study.search,
        confirm=study.confirm,
        verdict=study.verdict,
        has_objectives=bool(study.objectives),
        stop=study.stop,
        seeds_per_trial=study.seeds_per_trial,
        resources=study.resources,
    )
