"""The data that a study trains on, known by their content."""

from fxai.market.dataset import prepare
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.study import StudySpec


def data_hash(study: StudySpec) -> str | None:
    """SHA-256 of the bars; None where only the user's own code knows its data. Raises what is wrong with them."""
    if isinstance(study.training_config, CustomConfig):
        return None
    return prepare(study.training_config.data).content_hash
