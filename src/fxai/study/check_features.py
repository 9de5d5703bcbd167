"""Checks before a run the features that are no built-in ones: columns, a function of the user, higher time frames."""

from collections.abc import Mapping

from fxai.errors import DataError, InputError
from fxai.market.features.features import features, names_by_origin
from fxai.market.markets.instruments import common_config
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import default_params, trial_config
from fxai.spec.search.study import StudySpec
from fxai.study.check_bars import bars_of_trials
from fxai.study.check_leaks import features_of_trials


def feature_names(study: StudySpec) -> Mapping[str, tuple[str, ...]]:
    """Computes the features of trial 0, and of trials with other functions and with the greatest arguments.

    Returns:
        The names of the features of trial 0 by origin (`names_by_origin`). Empty for a study of custom code or with
        built-in features only, and if trial 0 is not valid, which `fxai.spec.checks.advice` reports.

    Raises:
        DataError: The data cannot be read, or the features of an instrument cannot be computed.
    """
    config = study.training_config
    if not isinstance(config, TrainingConfig):
        return {}
    try:
        data = trial_config(study, default_params(study)).data
    except InputError:
        return {}
    others = data.features.columns or data.features.function or data.features.timeframes
    if not (others or data.features.order_book.has_features):
        return {}
    try:
        return _names(study, config, data)
    except DataError as error:
        raise DataError(f"study {study.study_name}: {error}") from error


def _names(study: StudySpec, config: TrainingConfig, data: DataConfig) -> Mapping[str, tuple[str, ...]]:
    bars = bars_of_trials(study, config)
    data = common_config(bars, data) if data.has_instruments else data
    found = [
        names_by_origin(features(of_instrument, changed), of_instrument, changed)
        for changed in (data.model_copy(update={"features": each}) for each in features_of_trials(study))
        for of_instrument in bars.values()
    ]
    return found[0]
