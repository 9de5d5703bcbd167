"""The members of an ensemble: their names, kinds and configurations."""

from dataclasses import dataclass

from fxai.spec.fields.ensemble_config import EnsembleConfig
from fxai.spec.fields.ensemble_training import EnsembleTraining
from fxai.spec.fields.training_config import TrainingConfig


@dataclass(frozen=True, slots=True)
class EnsembleMember:
    """A member of an ensemble."""

    name: str  # distinct, such as `d3qn_0`
    kind: str
    repetition: int  # number of members of this kind before it
    config: TrainingConfig  # of its training, with the algorithm of its kind


def is_ensemble(config: TrainingConfig) -> bool:
    """Whether a configuration trains an ensemble."""
    return isinstance(config.training, EnsembleTraining)


def count_members(config: TrainingConfig) -> int:
    """Number of trainings of one seed: of an ensemble one for each member."""
    return len(config.ensemble.kinds) if is_ensemble(config) else 1


def ensemble_members(config: TrainingConfig) -> tuple[EnsembleMember, ...]:
    """The members of the ensemble of a configuration, those of one kind one after the other.

    A member has the parameters of the ensemble that its algorithm has; see `EnsembleTraining`.

    Raises:
        TypeError: The configuration trains no ensemble.
    """
    training, kinds = config.training, config.ensemble.kinds
    if not isinstance(training, EnsembleTraining):
        raise TypeError(f"algorithm {training.algorithm} is no ensemble")
    of_kind = {
        kind: config.model_copy(update={"ensemble": EnsembleConfig(), "training": training.of_kind(kind)})
        for kind in dict.fromkeys(kinds)
    }
    return tuple(
        EnsembleMember(name, kind, kinds[:place].count(kind), of_kind[kind])
        for place, (name, kind) in enumerate(zip(config.ensemble.names, kinds, strict=True))
    )
