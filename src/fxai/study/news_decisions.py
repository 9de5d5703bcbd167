"""The decisions of a study of signals: its prices and news, and the splits that score its trials."""

from functools import lru_cache

from fxai.errors import DataError
from fxai.llm.extra import check_llm_installed
from fxai.llm.model_source import find_model
from fxai.market.news.prepared_decisions import PreparedDecisions, prepare_decisions
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.decision_config import DecisionConfig
from fxai.spec.fields.news_config import NewsConfig
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.embargo import with_embargo
from fxai.spec.search.signal_config import signal_config
from fxai.spec.search.study import StudySpec


def study_decisions(study: StudySpec) -> PreparedDecisions:
    """The decisions of a study.

    Raises:
        DataError: Prices or news cannot be read or do not fit each other, or a split has no news.
    """
    config = signal_config(trial_settings(with_embargo(study), {}))
    try:
        return _prepared(config.data, config.news, config.decisions)
    except DataError as error:
        raise DataError(f"study {study.study_name}: {error}") from error


def check_signals(study: StudySpec) -> None:
    """Check prices, news, the language model's files and the extra `llm` of a study before its first trial.

    Raises:
        InputError: One of them cannot be used.
    """
    check_llm_installed()
    find_model(signal_config(trial_settings(study, {})).model.path)
    study_decisions(study)


@lru_cache(maxsize=1)
def _prepared(data: DataConfig, news: NewsConfig, decisions: DecisionConfig) -> PreparedDecisions:
    """The decisions, kept for the next check of the same study."""
    return prepare_decisions(data, news, decisions)
