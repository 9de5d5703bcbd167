"""The embargo of a study that leaves `data.split.embargo_bars` to FxAI, and likewise the purges of its folds.

All trials of a study are scored on the same bars, so the embargo fits the longest windows of the whole search space.
The run that begins a study stores its embargo in the fingerprint, and later runs take the stored one.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeVar

from fxai.spec.fields.data_config import SplitConfig
from fxai.spec.fields.feature_config import ALL, FeatureConfig, TimeframeConfig
from fxai.spec.fields.field_paths import field_value_of, is_list
from fxai.spec.fields.objective import LLM_SIGNAL
from fxai.spec.fields.order_book_config import OrderBookConfig
from fxai.spec.fields.record import Record
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.config_fields import TIMEFRAMES, config_fields
from fxai.spec.search.configure import value_at
from fxai.spec.search.parameters import CategoricalParameter, Choice, Parameter
from fxai.spec.search.signal_config import with_gap
from fxai.spec.search.study import StudySpec

R = TypeVar("R", bound=Record)

EARLIER_EMBARGO: Final = 24
"""The default of earlier releases, which did not depend on the windows."""

_FEATURES = "data.features."
_WINDOWS = ("return_horizons", "volatility_windows", "momentum_windows")


class Windows(NamedTuple):
    """Longest windows in bars."""

    features: int  # bars before a bar that its features depend on
    observation: int  # bars of an observation

    @property
    def looked_back(self) -> int:
        """Number of bars before a bar that its observation depends on."""
        return self.features + self.observation - 1


def with_embargo(study: StudySpec, bars: int | None = None) -> StudySpec:
    """Returns the study with all bars that its splits and folds leave out.

    Args:
        study: The study. Numbers that it has stay.
        bars: Embargo between the splits; by default the bars that an observation depends on.
    """
    if study.objective == LLM_SIGNAL:
        return with_gap(study)
    config = study.training_config
    if not isinstance(config, TrainingConfig) or _is_complete(config.data.split):
        return study
    needed = longest_windows(study).looked_back
    return study.model_copy(update={"training_config": _with_bars(config, needed if bars is None else bars, needed)})


def with_stored_embargo(study: StudySpec, begun: Mapping[str, Any]) -> StudySpec:
    """Returns the study with the embargo with which it began, unless the study has its own.

    Args:
        study: The study of the spec.
        begun: The fingerprint stored with the study.
    """
    node: Any = begun
    for key in ("training_config", "data", "split", "embargo_bars"):
        node = node.get(key) if isinstance(node, Mapping) else None
    return with_embargo(study, node) if isinstance(node, int) else study


def config_with_embargo(config: TrainingConfig) -> TrainingConfig:
    """Returns a configuration outside a study with the embargo that its windows need; numbers that it has stay."""
    if _is_complete(config.data.split):
        return config
    windows = Windows(config.data.longest_window(), config.env.observation_window)
    return _with_bars(config, windows.looked_back, windows.looked_back)


def longest_windows(study: StudySpec) -> Windows:
    """Returns the longest windows of any trial of the study.

    Raises:
        TypeError: The objective is custom code.
    """
    config = study.training_config
    if not isinstance(config, TrainingConfig):
        raise TypeError(f"the objective of {study.study_name} is custom code")
    frames = {
        length: TimeframeConfig.model_construct(
            **_longest_features(study, config, f"{TIMEFRAMES}.{length}."),
            bar_range=any(_values(study, config, f"{TIMEFRAMES}.{length}.bar_range")),
        )
        for length in _timeframes(study, config)
    }
    features = FeatureConfig.model_construct(
        **_longest_features(study, config, _FEATURES),
        order_book=order_book_of_trials(study, config),
        function_window=_longest(study, config, f"{_FEATURES}function_window"),
        timeframes=frames,
    )
    data = config.data.model_copy(update={"features": features})
    return Windows(data.longest_window(), _longest(study, config, "env.observation_window"))


def columns_of_trials(study: StudySpec, config: TrainingConfig) -> tuple[str, ...] | Literal["all"]:
    """Returns `data.features.columns` with the columns of any trial of the study."""
    found = _values(study, config, f"{_FEATURES}columns")
    return ALL if ALL in found else tuple(dict.fromkeys(name for names in found for name in names))


def order_book_of_trials(study: StudySpec, config: TrainingConfig) -> OrderBookConfig:
    """Returns `data.features.order_book` with the features of any trial of the study, each with its longest window."""
    found: dict[str, Any] = {}
    for name, field in OrderBookConfig.model_fields.items():
        path = f"{_FEATURES}order_book.{name}"
        longest = _longest(study, config, path)
        found[name] = ((longest,) if longest else ()) if is_list(field) else bool(longest)
    return OrderBookConfig(**found)


def _longest_features(study: StudySpec, config: TrainingConfig, prefix: str) -> dict[str, Any]:
    """Returns the longest windows of the fields below a path, and whether a trial has the feature `volume`."""
    longest = {name: (_longest(study, config, f"{prefix}{name}"),) for name in _WINDOWS}
    return {**longest, "volume": any(_values(study, config, f"{prefix}volume"))}


def _timeframes(study: StudySpec, config: TrainingConfig) -> set[str]:
    """Returns the lengths of the time frames of any trial of the study."""
    paths = (*(each.path for each in study.parameters), *study.fixed)
    found = (path.removeprefix(f"{TIMEFRAMES}.") for path in paths if path.startswith(f"{TIMEFRAMES}."))
    return {*config.data.features.timeframes, *(path.partition(".")[0] for path in found)}


def _is_complete(split: SplitConfig) -> bool:
    return split == _complete(split, 0, 0)


def _with_bars(config: TrainingConfig, embargo: int, looked_back: int) -> TrainingConfig:
    split = _complete(config.data.split, embargo, looked_back)
    return config.model_copy(update={"data": config.data.model_copy(update={"split": split})})


def _complete(split: SplitConfig, embargo: int, looked_back: int) -> SplitConfig:
    """Returns a split with the given numbers where it has none."""
    return split.model_copy(
        update={
            "embargo_bars": embargo if split.embargo_bars is None else split.embargo_bars,
            "walk_forward": _filled(split.walk_forward, purge=looked_back),
            "combinatorial": _filled(split.combinatorial, purge=looked_back, first_bar=looked_back),
        }
    )


def _filled(folds: R | None, **defaults: int) -> R | None:
    """Returns a record with defaults in place of its fields without a number."""
    if folds is None:
        return None
    missing = {name: value for name, value in defaults.items() if getattr(folds, name) is None}
    return folds.model_copy(update=missing)


def _longest(study: StudySpec, config: TrainingConfig, path: str) -> int:
    """Returns the greatest number among the values of a field, which are numbers or lists of numbers; 0 for none."""
    return max((max(_numbers(value), default=0) for value in _values(study, config, path)), default=0)


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (int(value or 0),)


def _values(study: StudySpec, config: TrainingConfig, path: str) -> list[Any]:
    """Returns the values that a field has in the trials of a study; of a range only the greatest."""
    field = config_fields(config.training.algorithm)[path]
    parameters = [each for each in study.parameters if each.path == path]
    searched = [field_value_of(field, choice) for each in parameters for choice in _ends(each)]
    if any(not each.when for each in parameters):
        return searched
    if path in study.fixed:
        return [*searched, field_value_of(field, study.fixed[path])]
    try:
        return [*searched, value_at(config.model_dump(), path)]
    except KeyError:  # a field that is not written at its default
        return [*searched, field.get_default(call_default_factory=True)]


def _ends(parameter: Parameter) -> tuple[Choice, ...]:
    return parameter.choices if isinstance(parameter, CategoricalParameter) else (parameter.high,)
