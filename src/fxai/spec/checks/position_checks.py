"""Cross-field checks of a study whose objective is a function that returns positions."""

from collections.abc import Iterator

from fxai.errors import InputError
from fxai.spec.checks.cost_names import cost_name_problems
from fxai.spec.checks.study_parts import StudyParts
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.findings import Finding
from fxai.spec.search.positions_config import SECTIONS, scored_market
from fxai.spec.yaml.yaml_source import KeyPath

_SAME = "must be the same for all trials, because it scores them; write it under training_config"


def position_problems(study: StudyParts) -> Iterator[Finding]:
    """Yields searched fields of the market, several seeds, and data that are not scored as one validation split."""
    searched = (((*place, "name" if each.name == each.path else "path"), each.path) for place, each in study.parameters)
    for where, path in (*searched, *((("fixed", path), path) for path in study.fixed)):
        if path.partition(".")[0] in SECTIONS:
            yield Finding(where, f"{path!r} {_SAME}")
    if study.seeds_per_trial > 1:
        yield Finding(("seeds_per_trial",), "a function that returns positions gets no seed; remove seeds_per_trial")
    if isinstance(study.config, CustomConfig):
        yield from _data_problems(study.config)


def _data_problems(config: CustomConfig) -> Iterator[Finding]:
    try:
        market = scored_market(config.root)
    except InputError:  # the validation of the sections reports the error
        return
    data: KeyPath = ("training_config", "data")
    if market.data.has_instruments:
        key = "source" if market.data.instruments is None else "instruments"
        yield Finding((*data, key), "a function that returns positions trades one instrument; name the data of one")
    if market.data.split.has_folds:
        key = "combinatorial" if market.data.split.walk_forward is None else "walk_forward"
        yield Finding((*data, "split", key), "a function that returns positions is not trained on folds; remove it")
    yield from cost_name_problems(market)
