"""Hash of the data that a study trains on."""

from fxai.market.instruments import prepare_set
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.study import StudySpec


def data_hash(study: StudySpec) -> str | None:
    """SHA-256 of the bars. None for a study with an objective of the user, whose data are not known here.

    Raises:
        InputError: the data cannot be read or used.
    """
    if isinstance(study.training_config, CustomConfig):
        return None
    return prepare_set(study.training_config.data).content_hash
