"""Hash of the data that a study trains on."""

from fxai.market.mapped.market_cache import mapped_or_prepared
from fxai.market.mapped.release_memory import release_memory
from fxai.spec.checks.cost_names import check_cost_names
from fxai.spec.fields.objective import returns_positions
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.study import StudySpec
from fxai.study.position_market import position_market


def data_hash(study: StudySpec) -> str | None:
    """SHA-256 of the bars. None for a study with an objective of the user whose data are not known here.

    Raises:
        InputError: the data cannot be read or used.
    """
    if returns_positions(study.objective):
        return position_market(study)[0].content_hash
    if isinstance(study.training_config, CustomConfig):
        return None
    markets = mapped_or_prepared(study.training_config.data)
    check_cost_names(study.training_config.env, markets.names)
    content_hash = markets.content_hash
    del markets
    release_memory()  # this process stays beside the workers until the study ends
    return content_hash
