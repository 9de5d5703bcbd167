"""Checks and warnings about ensembles: agents that are missing, keys that no member has, votes that may tie."""

from collections.abc import Iterator

from fxai.spec.checks.study_parts import StudyParts
from fxai.spec.fields.algorithm_names import known_name
from fxai.spec.fields.ensemble_members import is_ensemble
from fxai.spec.fields.ensemble_training import algorithm_of_kind, keys_of_some, unused_keys
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.config_fields import AGENTS
from fxai.spec.search.findings import Finding
from fxai.spec.search.parameters import CategoricalParameter, IntParameter
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import KeyPath

_SECTION, _SIZE, _TRAINING = "ensemble.", "ensemble.size", "training."


def ensemble_problems(study: StudyParts) -> Iterator[Finding]:
    """Yields parameters of an ensemble that the study does not have, and keys of `training` that no member has."""
    config = study.config
    if not isinstance(config, TrainingConfig):
        return
    searched: list[tuple[KeyPath, str]] = [
        ((*place, "name" if path == name else "path"), path) for place, name, path in study.names
    ]
    set_paths = [*searched, *((("fixed", path), path) for path in study.fixed)]
    if not is_ensemble(config):
        for where, path in set_paths:
            if path.startswith(_SECTION):
                yield Finding(where, "training_config has no ensemble; write ensemble: {agents: [d3qn, ppo]} there")
        return
    yield from _too_large(study, config)
    kinds = _kinds(study, config)
    written = {key for key in keys_of_some() if getattr(config.training, key) is not None}
    set_keys = {path.removeprefix(_TRAINING): where for where, path in set_paths if path.startswith(_TRAINING)}
    for key, owners in unused_keys(written | set_keys.keys(), kinds).items():
        where = set_keys.get(key, ("training_config", "training", key))
        members = ", ".join(sorted({algorithm_of_kind(kind) for kind in kinds}))
        yield Finding(
            where, f"no member of the ensemble has this key, a key of {' and '.join(owners)}; all are {members}"
        )


def _too_large(study: StudyParts, config: TrainingConfig) -> Iterator[Finding]:
    """Yields sizes above the number of agents."""
    agents = len(config.ensemble.agents or ())
    for place, parameter in study.parameters:
        if parameter.path == _SIZE and isinstance(parameter, IntParameter) and parameter.high > agents:
            message = f"{parameter.high} is more than the agents of training_config.ensemble, {agents}; name more there"
            yield Finding((*place, "high"), message)


def _kinds(study: StudyParts, config: TrainingConfig) -> set[str]:
    """The kinds that a member of any trial may have."""
    paths = {path for _, _, path in study.names} | study.fixed.keys()
    given = config.ensemble.agents or ()
    used = given if _SIZE in paths else given[: config.ensemble.size]
    kinds = {kind for place, kind in enumerate(used) if f"{AGENTS}.{place}" not in paths}
    for _, parameter in study.parameters:
        if parameter.path.startswith(f"{AGENTS}.") and isinstance(parameter, CategoricalParameter):
            kinds |= {known for each in parameter.choices if (known := known_name(each))}
    kinds |= {
        known for path, value in study.fixed.items() if path.startswith(f"{AGENTS}.") and (known := known_name(value))
    }
    return kinds or set(given)


def ensemble_advice(study: StudySpec) -> Iterator[str]:
    """Yields a warning if an even number of members votes by majority and the rule for ties is not written."""
    config = study.training_config
    if not isinstance(config, TrainingConfig) or not is_ensemble(config):
        return
    ensemble = config.ensemble
    sizes = {len(ensemble.kinds) // ensemble.seeds}
    for parameter in study.parameters:
        if parameter.path == _SIZE and isinstance(parameter, IntParameter):
            sizes = set(range(parameter.low, parameter.high + 1, parameter.step or 1))
    even = sorted(size * ensemble.seeds for size in sizes if size * ensemble.seeds % 2 == 0)
    if even and ensemble.vote == "majority" and "ties" not in ensemble.model_fields_set:
        yield (
            f"votes of {' or '.join(map(str, even))} members may tie; the rule is ensemble.ties: {ensemble.ties}; "
            "write it, or ties: flat for the action nearest to flat"
        )
